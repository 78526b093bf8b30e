# The shop's production database: MySQL, private and encrypted.
locals {
  title = "source database"

  parameters = {
    character_set_server     = "utf8mb4"
    collation_server         = "utf8mb4_0900_ai_ci"
    log_output               = "FILE"
    long_query_time          = "1"
    require_secure_transport = "1"
    slow_query_log           = "1"
  }
}

data "aws_caller_identity" "current" {}

module "database" {
  source = "../../../../terraform-modules/private-database"

  project             = var.project
  name                = "source"
  title               = local.title
  database            = var.database
  engine              = { name = "mysql", version = "8.4", logs = ["error", "slowquery"] }
  parameters          = { description = "TLS only, full Unicode, slow queries logged.", dynamic = local.parameters }
  network             = var.network
  capacity            = var.capacity
  kms_key_arn         = var.kms_key_arn
  deletion_protection = var.deletion_protection
}
