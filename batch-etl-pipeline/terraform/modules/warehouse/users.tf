module "users" {
  source = "../../../../terraform-modules/database-users"

  project             = var.project
  name                = "warehouse"
  title               = local.title
  function_name       = "warehouse-user-rotation"
  account_id          = data.aws_caller_identity.current.account_id
  database            = module.database.connection
  kms_key_arn         = var.kms_key_arn
  deletion_protection = var.deletion_protection

  users = {
    warehouse_loader = "Owns the tables and loads them: the job warehouse-load."
    warehouse_reader = "Reads the warehouse: BI tools and analysts."
  }

  code = {
    zip        = "${var.code.dir}/lambda/batch_etl.zip"
    handler    = "batch_etl.handlers.rotate_user.handler"
    layer_arns = [var.code.layer_arn]
  }

  network = {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = [module.clients.security_group_id]
  }
}

# The rotation function is the one client that this module brings; the load's job brings its own rules.
module "clients" {
  source = "../../../../terraform-modules/database-client"

  name     = "${local.name}-rotation"
  vpc_id   = var.network.vpc_id
  database = merge(module.database.connection, { protocol = "PostgreSQL" })

  descriptions = {
    group   = "The rotation function: calls the warehouse and Secrets Manager, is called by nobody."
    clients = "Rotation of the warehouse users"
    aws     = "HTTPS to Secrets Manager, by NAT or endpoint"
  }
}
