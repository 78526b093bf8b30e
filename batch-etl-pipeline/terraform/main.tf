# Source database to lake to SQL, every night.
locals {
  production  = var.profile == "production"
  kms_key_arn = data.aws_kms_alias.platform.target_key_arn
}

module "data_lake" {
  source = "./modules/data-lake"

  project             = var.project
  kms_key_arn         = local.kms_key_arn
  deletion_protection = var.deletion_protection
}

module "query_layer" {
  source = "./modules/query-layer"

  project             = var.project
  lake_bucket         = module.data_lake.buckets["lake"].name
  results_bucket      = module.data_lake.buckets["athena-results"].name
  queries_dir         = "${path.root}/../../sql/athena"
  scan_limit_gib      = var.athena_scan_limit_gib
  kms_key_arn         = local.kms_key_arn
  deletion_protection = var.deletion_protection
}

module "retail_etl_job" {
  source = "../../terraform-modules/glue-job"

  project     = var.project
  name        = "etl-job"
  description = "Source database to bronze mirror to published star schema."
  kms_key_arn = local.kms_key_arn
  capacity    = { workers = local.production ? 10 : 2 }

  artifacts = {
    dir     = var.artifacts_dir
    bucket  = local.fact["lake/artifacts_bucket"]
    script  = "retail_etl_job.py"
    package = "batch_etl"
  }

  arguments = {
    "--project"            = var.project
    "--lake_bucket"        = module.data_lake.buckets["lake"].name
    "--source_host"        = local.fact["source/endpoint"]
    "--source_port"        = local.fact["source/port"]
    "--source_database"    = local.fact["source/database"]
    "--source_secret_arn"  = local.fact["source/reader_secret_arn"]
    "--source_ca"          = "s3://${local.fact["lake/artifacts_bucket"]}/ca/source-ca.pem"
    "--publish_lock_table" = module.data_lake.publish_lock_table.name
    "--stages"             = "extract,build,audit,publish"
  }

  metric_namespaces = ["Retail/Lake"]

  lake = {
    bucket                 = module.data_lake.buckets["lake"]
    databases              = values(module.query_layer.databases)
    writes                 = { prefixes = [""], tables = [for database in module.query_layer.databases : "${database}/*"] }
    publish_lock_table_arn = module.data_lake.publish_lock_table.arn
  }

  source_database = {
    security_group_id = local.fact["source/security_group_id"]
    port              = tonumber(local.fact["source/port"])
    secret_arn        = local.fact["source/reader_secret_arn"]
  }

  network = {
    vpc_id    = local.fact["network/vpc_id"]
    subnet_id = split(",", local.fact["network/private_subnet_ids"])[0]
  }
}

module "schedule" {
  source = "./modules/schedule"

  project          = var.project
  schedule         = var.schedule
  job              = { name = module.retail_etl_job.name, arn = module.retail_etl_job.arn }
  reports          = { bucket = module.data_lake.buckets["lake"].name }
  alerts_topic_arn = local.fact["alerts/topic_arn"]
  kms_key_arn      = local.kms_key_arn
}
