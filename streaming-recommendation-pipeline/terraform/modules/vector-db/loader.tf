# Puts a model version that passed the gate into the database and makes it live, or returns to the one before.
module "loader" {
  source = "../../../../terraform-modules/lambda-function"

  project     = var.project
  name        = "vector-loader"
  description = "Loads a model version into pgvector, measures its recall, and makes it live."
  kms_key_arn = var.kms_key_arn
  policy_json = data.aws_iam_policy_document.loader.json
  network     = local.functions_network
  limits      = { memory_mb = 3008, timeout_seconds = 900, concurrency = var.capacity.loader_concurrency }

  code = {
    zip        = "${var.code.dir}/lambda/streaming_recs.zip"
    handler    = "streaming_recs.handlers.vector_loader.handler"
    layer_arns = [var.code.layer_arn]
  }

  environment = {
    DB_HOST       = module.database.connection.endpoint
    DB_PORT       = tostring(module.database.connection.port)
    DB_NAME       = module.database.connection.name
    DB_SECRET_ARN = module.users.secret_arns["retail_loader"]
    CA_BUNDLE     = "/opt/ca/source-ca.pem"
    LAKE_BUCKET   = var.lake_bucket.name
  }
}

data "aws_iam_policy_document" "loader" {
  statement {
    sid       = "ConnectAsLoader"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [module.users.secret_arns["retail_loader"]]
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
