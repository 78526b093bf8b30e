# Gold for BI tools: the PostgreSQL warehouse, and the job that makes it equal to what the lake has published.
module "warehouse" {
  source = "./modules/warehouse"

  project             = var.project
  alerts_topic_arn    = local.fact["alerts/topic_arn"]
  kms_key_arn         = local.kms_key_arn
  deletion_protection = var.deletion_protection
  code                = local.code
  ways_in             = { storefront = local.fact["storefront/security_group_id"] }

  capacity = local.production ? {
    instance_class = "db.r7g.large"
    storage_gib    = 100
    multi_az       = true
    backup_days    = 14
    insights       = true
  } : {}

  network = {
    vpc_id     = local.fact["network/vpc_id"]
    subnet_ids = split(",", local.fact["network/private_subnet_ids"])
  }
}

module "warehouse_load_job" {
  source = "../../terraform-modules/glue-job"

  project     = var.project
  name        = "warehouse-load"
  description = "The last publication of gold to the PostgreSQL warehouse, all tables in one transaction."
  kms_key_arn = local.kms_key_arn

  artifacts = {
    dir      = var.artifacts_dir
    bucket   = local.fact["lake/artifacts_bucket"]
    script   = "retail_warehouse_load.py"
    package  = "batch_etl"
    compiled = true
  }

  arguments = {
    "--project"              = var.project
    "--lake_bucket"          = module.data_lake.buckets["lake"].name
    "--warehouse_host"       = module.warehouse.connection.endpoint
    "--warehouse_port"       = tostring(module.warehouse.connection.port)
    "--warehouse_database"   = module.warehouse.connection.name
    "--warehouse_secret_arn" = module.warehouse.secret_arns.loader
    "--warehouse_ca"         = "s3://${local.fact["lake/artifacts_bucket"]}/ca/source-ca.pem"
  }

  lake = {
    bucket    = module.data_lake.buckets["lake"]
    databases = [module.query_layer.databases["gold"]]
    writes    = { prefixes = ["runs/"] }
  }

  target_database = {
    security_group_id = module.warehouse.connection.security_group_id
    port              = module.warehouse.connection.port
    secret_arn        = module.warehouse.secret_arns.loader
  }

  network = {
    vpc_id    = local.fact["network/vpc_id"]
    subnet_id = split(",", local.fact["network/private_subnet_ids"])[0]
  }
}

resource "aws_ssm_parameter" "warehouse" {
  for_each = {
    endpoint          = module.warehouse.connection.endpoint
    port              = tostring(module.warehouse.connection.port)
    database          = module.warehouse.connection.name
    security_group_id = module.warehouse.connection.security_group_id
    loader_secret_arn = module.warehouse.secret_arns.loader
    reader_secret_arn = module.warehouse.secret_arns.reader
  }

  name           = "/${var.project}/warehouse/${each.key}"
  description    = "Written by batch-etl-pipeline."
  type           = "String"
  insecure_value = each.value
}
