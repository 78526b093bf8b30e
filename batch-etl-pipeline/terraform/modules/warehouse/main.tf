# PostgreSQL for BI tools: gold as the lake published it last, loaded by retail-warehouse-load.
locals {
  name  = "${var.project}-warehouse"
  title = "warehouse"

  parameters = {
    description = "TLS only, slow statements logged, forgotten transactions ended."

    dynamic = {
      # A reader who went to lunch in a transaction would keep every row that was replaced since.
      idle_in_transaction_session_timeout = "600000"
      log_min_duration_statement          = "1000"
      "rds.force_ssl"                     = "1"
    }
  }
}

data "aws_caller_identity" "current" {}

module "database" {
  source = "../../../../terraform-modules/private-database"

  project  = var.project
  name     = "warehouse"
  title    = local.title
  database = "warehouse"
  # The load is one MERGE a table that also deletes, which PostgreSQL knows from 17 on.
  engine              = { name = "postgres", version = "17", logs = ["postgresql", "upgrade"] }
  parameters          = local.parameters
  network             = var.network
  capacity            = var.capacity
  kms_key_arn         = var.kms_key_arn
  deletion_protection = var.deletion_protection
}
