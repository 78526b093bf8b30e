locals {
  master_secret_arn = aws_db_instance.this.master_user_secret[0].secret_arn
}

module "rotation" {
  source = "../../../../terraform-modules/lambda-function"

  project     = var.project
  name        = "vector-user-rotation"
  description = "Rotates the vector database's application users (the four steps of Secrets Manager)."
  kms_key_arn = var.kms_key_arn
  policy_json = data.aws_iam_policy_document.rotation.json

  code = {
    zip        = "${var.code.dir}/lambda/streaming_recs.zip"
    handler    = "streaming_recs.handlers.rotate_user.handler"
    layer_arns = [var.code.layer_arn]
  }

  environment = {
    MASTER_SECRET_ARN = local.master_secret_arn
    DB_HOST           = aws_db_instance.this.address
    DB_PORT           = tostring(aws_db_instance.this.port)
    DB_NAME           = local.database
    CA_BUNDLE         = "/opt/ca/source-ca.pem"
  }

  network = {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = [aws_security_group.functions.id]
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
    resources = [for secret in aws_secretsmanager_secret.user : secret.arn]
  }

  statement {
    sid       = "ConnectAsMaster"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [local.master_secret_arn]
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
