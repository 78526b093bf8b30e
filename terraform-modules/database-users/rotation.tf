module "rotation" {
  source = "../lambda-function"

  project     = var.project
  name        = var.function_name
  description = "Rotates the ${var.title}'s application users (the four steps of Secrets Manager)."
  kms_key_arn = var.kms_key_arn
  policy_json = data.aws_iam_policy_document.rotation.json
  code        = var.code
  network     = var.network

  environment = {
    MASTER_SECRET_ARN = var.database.master_secret_arn
    DB_HOST           = var.database.endpoint
    DB_PORT           = tostring(var.database.port)
    DB_NAME           = var.database.name
    CA_BUNDLE         = "/opt/ca/source-ca.pem"
  }
}

data "aws_iam_policy_document" "rotation" {
  statement {
    sid = "RotateApplicationUsers"
    actions = [
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetSecretValue",
      "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecretVersionStage",
    ]
    resources = [for secret in aws_secretsmanager_secret.this : secret.arn]
  }

  statement {
    sid       = "ConnectAsMaster"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.database.master_secret_arn]
  }

  statement {
    sid       = "UseTheKeyForSecrets"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_lambda_permission" "rotation" {
  statement_id   = "SecretsManagerRotates"
  action         = "lambda:InvokeFunction"
  function_name  = module.rotation.name
  principal      = "secretsmanager.amazonaws.com"
  source_account = var.account_id
}
