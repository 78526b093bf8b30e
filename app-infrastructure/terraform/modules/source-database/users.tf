module "users" {
  source = "../../../../terraform-modules/database-users"

  project             = var.project
  name                = "source"
  title               = local.title
  function_name       = "source-user-rotation"
  account_id          = data.aws_caller_identity.current.account_id
  database            = module.database.connection
  kms_key_arn         = var.kms_key_arn
  deletion_protection = var.deletion_protection

  users = {
    retail_reader = "Reads the source database: the ETL job and analysts."
    retail_writer = "Reads and writes the source database: the storefront."
  }

  code = {
    zip        = "${var.artifacts_dir}/lambda/source_database.zip"
    handler    = "source_database.handlers.rotate_user.handler"
    layer_arns = [module.layer.arn]
  }

  network = {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = [module.clients.security_group_id]
  }
}

module "layer" {
  source = "../../../../terraform-modules/lambda-layer"

  project     = var.project
  name        = "source-database"
  description = "PyMySQL and the certificates that the source database's clients trust."
  zip         = "${var.artifacts_dir}/layers/source_database.zip"
}

# The rotation function is the database's one client in this root.
module "clients" {
  source = "../../../../terraform-modules/database-client"

  name     = "${var.project}-source-rotation"
  vpc_id   = var.network.vpc_id
  database = merge(module.database.connection, { protocol = "MySQL" })

  descriptions = {
    group   = "The rotation function: calls the source database and Secrets Manager, is called by nobody."
    clients = "Rotation of the application users"
    aws     = "HTTPS to Secrets Manager, by NAT or endpoint"
  }
}
