# A REST API of transactions, page by page to the landing bucket, and the cursor that says where the reading is.
locals {
  folder = "api/transactions"
}

module "function" {
  source = "../../../../terraform-modules/lambda-function"

  project     = var.project
  name        = "api-fetch"
  description = "Pages of the transactions API to the landing bucket; call it again while it answers more."
  kms_key_arn = var.kms_key_arn
  policy_json = data.aws_iam_policy_document.function.json
  limits      = { memory_mb = 256, timeout_seconds = var.timeout_seconds }

  # The standard library and boto3 are all that it imports.
  code = {
    zip     = "${var.artifacts_dir}/lambda/batch_etl.zip"
    handler = "batch_etl.handlers.api_fetch.handler"
  }

  environment = {
    API_URL              = var.api.url
    API_SECRET_ARN       = var.api.auth.secret_arn == null ? "" : var.api.auth.secret_arn
    API_SECRET_FIELD     = var.api.auth.secret_field
    API_AUTH_HEADER      = var.api.auth.header
    API_AUTH_SCHEME      = var.api.auth.scheme
    API_CURSOR_PARAMETER = var.api.cursor_parameter
    API_LIMIT_PARAMETER  = var.api.limit_parameter
    API_PAGE_SIZE        = tostring(var.api.page_size)
    API_FIELDS           = jsonencode(var.api.fields)
    REREAD_HOURS         = tostring(var.api.reread_hours)
    CURSOR_TABLE         = aws_dynamodb_table.cursor.name
    LANDING_BUCKET       = var.landing_bucket.name
    LAKE_BUCKET          = var.lake_bucket.name
  }
}

resource "aws_dynamodb_table" "cursor" {
  name                        = "${var.project}-api-cursor"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "source"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "source"
    type = "S"
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = true
  }
}
