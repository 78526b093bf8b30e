# Puts a model version that passed the gate into the database and makes it live, or returns to the one before.
module "loader" {
  source = "../../../../terraform-modules/lambda-function"

  project     = var.project
  name        = "vector-loader"
  description = "Loads a model version into pgvector, measures its recall, and makes it live."
  kms_key_arn = var.kms_key_arn
  policy_json = data.aws_iam_policy_document.loader.json
  limits      = { memory_mb = 3008, timeout_seconds = 900, concurrency = var.capacity.loader_concurrency }

  code = {
    zip        = "${var.code.dir}/lambda/streaming_recs.zip"
    handler    = "streaming_recs.handlers.vector_loader.handler"
    layer_arns = [var.code.layer_arn]
  }

  environment = {
    DB_HOST       = aws_db_instance.this.address
    DB_PORT       = tostring(aws_db_instance.this.port)
    DB_NAME       = local.database
    DB_SECRET_ARN = aws_secretsmanager_secret.user["retail_loader"].arn
    CA_BUNDLE     = "/opt/ca/source-ca.pem"
    LAKE_BUCKET   = var.lake_bucket.name
  }

  network = {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = [aws_security_group.functions.id]
  }
}

data "aws_iam_policy_document" "loader" {
  statement {
    sid       = "ConnectAsLoader"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.user["retail_loader"].arn]
  }

  statement {
    sid       = "ReadModels"
    actions   = ["s3:GetObject"]
    resources = ["${var.lake_bucket.arn}/models/*"]
  }

  statement {
    sid       = "FindModels"
    actions   = ["s3:ListBucket"]
    resources = [var.lake_bucket.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["models/*"]
    }
  }

  statement {
    sid       = "NoteWhatIsLive"
    actions   = ["s3:PutObject"]
    resources = ["${var.lake_bucket.arn}/models/registry.json"]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}
