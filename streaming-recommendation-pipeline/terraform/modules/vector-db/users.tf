module "users" {
  source = "../../../../terraform-modules/database-users"

  project             = var.project
  name                = "vector-db"
  title               = local.title
  function_name       = "vector-user-rotation"
  account_id          = var.account_id
  database            = module.database.connection
  kms_key_arn         = var.kms_key_arn
  deletion_protection = var.deletion_protection
  network             = local.functions_network

  users = {
    retail_inference       = "Reads vectors and recent interactions: the recommendation functions."
    retail_profile_updater = "Keeps recent interactions: the profile updater."
    retail_loader          = "Owns the tables and loads model versions."
  }

  code = {
    zip        = "${var.code.dir}/lambda/streaming_recs.zip"
    handler    = "streaming_recs.handlers.rotate_user.handler"
    layer_arns = [var.code.layer_arn]
  }
}

# Rotation and loader run in one security group.
module "clients" {
  source = "../../../../terraform-modules/database-client"

  name     = "${local.name}-functions"
  vpc_id   = var.network.vpc_id
  database = merge(module.database.connection, { protocol = "PostgreSQL" })

  descriptions = {
    group   = "Rotation and loader: call the vector database and AWS, are called by nobody."
    clients = "Rotation and loader"
  }
}

locals {
  functions_network = {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = [module.clients.security_group_id]
  }
}
