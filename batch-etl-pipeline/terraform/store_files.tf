# Files that stores send to the landing bucket, loaded as they arrive.
module "file_ingestion" {
  source = "./modules/file-ingestion"

  project             = var.project
  buckets             = { landing = module.data_lake.buckets["landing"], lake = module.data_lake.buckets["lake"] }
  databases           = module.query_layer.databases
  athena              = { workgroup = module.query_layer.workgroup, results = module.data_lake.buckets["athena-results"] }
  lock_table          = module.data_lake.publish_lock_table
  code                = merge(local.code, { bucket = local.fact["lake/artifacts_bucket"] })
  capacity            = { workers = local.production ? 10 : 2 }
  batch               = { window_seconds = local.production ? 60 : 5 }
  alerts_topic_arn    = local.fact["alerts/topic_arn"]
  kms_key_arn         = local.kms_key_arn
  deletion_protection = var.deletion_protection
}

resource "aws_ssm_parameter" "store_files" {
  for_each = {
    ledger_table      = module.file_ingestion.ledger_table
    queue_url         = module.file_ingestion.queue_url
    state_machine_arn = module.file_ingestion.state_machine_arn
  }

  name           = "/${var.project}/store-files/${each.key}"
  description    = "Written by batch-etl-pipeline."
  type           = "String"
  insecure_value = each.value
}
