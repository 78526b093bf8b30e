locals {
  intake_timeout = 120
  environment = {
    LANDING_BUCKET = var.buckets.landing.name
    LEDGER_TABLE   = aws_dynamodb_table.ledger.name
  }
}

module "intake" {
  source = "../../../../terraform-modules/lambda-function"

  project     = var.project
  name        = "file-intake"
  description = "Notes the files that arrived and starts retail-file-ingestion for them."
  limits      = { memory_mb = 512, timeout_seconds = local.intake_timeout }
  policy_json = data.aws_iam_policy_document.intake.json
  kms_key_arn = var.kms_key_arn
  environment = merge(local.environment, { STATE_MACHINE_ARN = local.machine_arn, POWERTOOLS_SERVICE_NAME = "${var.project}-file-intake" })

  code = {
    zip        = "${var.code.dir}/lambda/batch_etl.zip"
    handler    = "batch_etl.handlers.file_intake.handler"
    layer_arns = [var.code.layer_arn]
  }
}

module "validator" {
  source = "../../../../terraform-modules/lambda-function"

  project     = var.project
  name        = "file-validator"
  description = "Looks into the files of a run: which can be loaded, and why the others cannot."
  limits      = { memory_mb = 2048, timeout_seconds = 900 }
  policy_json = data.aws_iam_policy_document.validator.json
  kms_key_arn = var.kms_key_arn
  environment = merge(local.environment, { LAKE_BUCKET = var.buckets.lake.name, STATE_MACHINE_NAME = local.name })

  code = {
    zip        = "${var.code.dir}/lambda/batch_etl.zip"
    handler    = "batch_etl.handlers.file_validator.handler"
    layer_arns = [var.code.layer_arn]
  }
}

module "job" {
  source = "../../../../terraform-modules/glue-job"

  project     = var.project
  name        = "file-ingest"
  description = "Store files of one run to tables of the silver database, each row once."
  kms_key_arn = var.kms_key_arn
  capacity    = { worker_type = var.capacity.worker_type, workers = var.capacity.workers, timeout_minutes = var.capacity.timeout_minutes }

  artifacts = {
    dir     = var.code.dir
    bucket  = var.code.bucket
    script  = "retail_file_ingest.py"
    package = "batch_etl"
  }

  arguments = {
    "--project"            = var.project
    "--landing_bucket"     = var.buckets.landing.name
    "--lake_bucket"        = var.buckets.lake.name
    "--ledger_table"       = aws_dynamodb_table.ledger.name
    "--publish_lock_table" = var.lock_table.name
  }

  lake = {
    bucket                 = var.buckets.lake
    databases              = [local.database]
    writes                 = { prefixes = ["quarantine/store_files/", "runs/", "silver/", "staged-files/"], tables = ["${local.database}/*"] }
    publish_lock_table_arn = var.lock_table.arn
  }
}
