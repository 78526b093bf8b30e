locals {
  secrets = var.api.auth.secret_arn == null ? [] : [var.api.auth.secret_arn]
}

data "aws_iam_policy_document" "function" {
  statement {
    sid     = "StorePages"
    actions = ["s3:PutObject"]
    resources = [
      "${var.landing_bucket.arn}/${local.folder}/*",
      "${var.lake_bucket.arn}/quarantine/api_transactions/refused/*",
    ]
  }

  statement {
    sid       = "KeepTheCursor"
    actions   = ["dynamodb:GetItem", "dynamodb:PutItem"]
    resources = [aws_dynamodb_table.cursor.arn]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  dynamic "statement" {
    for_each = local.secrets

    content {
      sid       = "OpenTheApi"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [statement.value]
    }
  }
}
