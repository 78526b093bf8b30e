# Transactions every five minutes: made, landed as JSON, turned into Parquet, looked up in DynamoDB.
locals {
  raw_prefix       = "transactions/raw/"
  catalogue_prefix = "transactions/catalogue/"
  table_prefix     = "silver/transactions/"
  compacted_prefix = "silver/transactions_compacted/"
  quarantine       = "quarantine/transactions/"

  environment = {
    LANDING_BUCKET = var.landing_bucket.name
    CATALOGUE_URL  = var.catalogue_url
    LAKE_BUCKET    = var.lake_bucket.name
    DATABASE       = var.database
    TABLE          = aws_glue_catalog_table.transactions.name
  }

  functions = {
    generator = {
      name        = "transaction-generator"
      description = "What the shop sold in the last five minutes, as one raw file."
      limits      = { memory_mb = 512, timeout_seconds = 60 }
      policy      = data.aws_iam_policy_document.generator.json
      environment = {
        SEED         = tostring(var.generator.seed)
        TRANSACTIONS = tostring(var.generator.transactions)
        CUSTOMERS    = tostring(var.generator.customers)
      }
    }
    transformer = {
      name        = "transaction-transformer"
      description = "Raw transactions to Parquet and to the table of the latest ones."
      limits      = { memory_mb = 1024, timeout_seconds = 300 }
      policy      = data.aws_iam_policy_document.transformer.json
      environment = {
        LATEST_TABLE = aws_dynamodb_table.latest.name
        KEEP_DAYS    = tostring(var.keep_days)
      }
    }
    compactor = {
      name        = "transaction-compactor"
      description = "The small files of past days to one file a day."
      limits      = { memory_mb = 1024, timeout_seconds = 900 }
      policy      = data.aws_iam_policy_document.compactor.json
      environment = { LOCK_TABLE = var.lock_table.name }
    }
  }
}

module "function" {
  source   = "../../../../terraform-modules/lambda-function"
  for_each = local.functions

  project            = var.project
  name               = each.value.name
  description        = each.value.description
  limits             = each.value.limits
  policy_json        = each.value.policy
  environment        = merge(local.environment, each.value.environment)
  kms_key_arn        = var.kms_key_arn
  log_retention_days = var.log_retention_days

  code = {
    zip        = "${var.code.dir}/lambda/batch_etl.zip"
    handler    = "batch_etl.handlers.${replace(each.value.name, "-", "_")}.handler"
    layer_arns = [var.code.layer_arn]
  }
}

resource "aws_dynamodb_table" "latest" {
  name                        = "${var.project}-latest-transactions"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "day"
    type = "S"
  }

  attribute {
    name = "timestamp"
    type = "S"
  }

  # Totals and files have no day, so the index holds transactions alone.
  global_secondary_index {
    name            = "by-day"
    hash_key        = "day"
    range_key       = "timestamp"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = true
  }
}
