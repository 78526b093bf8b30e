locals {
  master_secret_arn = aws_db_instance.this.master_user_secret[0].secret_arn
  layer             = "${var.artifacts_dir}/layers/source_database.zip"
}

resource "aws_lambda_layer_version" "rotation" {
  layer_name               = "${var.project}-source-database"
  description              = "PyMySQL and the certificates that the source database's clients trust."
  filename                 = local.layer
  source_code_hash         = fileexists(local.layer) ? filebase64sha256(local.layer) : null
  compatible_runtimes      = ["python3.11"]
  compatible_architectures = ["x86_64"]

  lifecycle {
    precondition {
      condition     = fileexists(local.layer)
      error_message = "${local.layer} is missing: run `make package` first."
    }
  }
}

module "rotation" {
  source = "../../../../terraform-modules/lambda-function"

  project     = var.project
  name        = "source-user-rotation"
  description = "Rotates the source database's application users (the four steps of Secrets Manager)."
  kms_key_arn = var.kms_key_arn
  policy_json = data.aws_iam_policy_document.rotation.json

  code = {
    zip        = "${var.artifacts_dir}/lambda/source_database.zip"
    handler    = "source_database.handlers.rotate_user.handler"
    layer_arns = [aws_lambda_layer_version.rotation.arn]
  }

  environment = {
    MASTER_SECRET_ARN = local.master_secret_arn
    DB_HOST           = aws_db_instance.this.address
    DB_PORT           = tostring(aws_db_instance.this.port)
    DB_NAME           = var.database
    CA_BUNDLE         = "/opt/ca/source-ca.pem"
  }

  network = {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = [aws_security_group.rotation.id]
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
  source_account = data.aws_caller_identity.current.account_id
}
