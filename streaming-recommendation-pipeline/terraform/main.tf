# Ratings to embeddings to vectors to live recommendations. Each module's apply begins when the one before has ended:
# a model needs its table, vectors need a database, and functions need both. While an earlier module changes, a later
# one's data sources wait for the apply, so what must not be replaced takes account and prefix list from here.
locals {
  production  = var.profile == "production"
  kms_key_arn = data.aws_kms_alias.platform.target_key_arn
  lake = {
    name = local.fact["lake/lake_bucket"]
    arn  = "arn:${data.aws_partition.current.partition}:s3:::${local.fact["lake/lake_bucket"]}"
  }
  network = {
    vpc_id            = local.fact["network/vpc_id"]
    subnet_ids        = split(",", local.fact["network/private_subnet_ids"])
    s3_prefix_list_id = data.aws_prefix_list.s3.id
  }
}

module "etl" {
  source = "./modules/etl"

  project          = var.project
  lake_bucket      = local.lake
  artifacts        = { dir = var.artifacts_dir, bucket = local.fact["lake/artifacts_bucket"] }
  workers          = local.production ? 10 : 2
  schedule         = var.retraining
  alerts_topic_arn = local.fact["alerts/topic_arn"]
  kms_key_arn      = local.kms_key_arn
  account_id       = data.aws_caller_identity.current.account_id
}

module "vector_db" {
  source = "./modules/vector-db"

  project             = var.project
  network             = local.network
  lake_bucket         = local.lake
  code                = local.code
  alerts_topic_arn    = local.fact["alerts/topic_arn"]
  kms_key_arn         = local.kms_key_arn
  account_id          = data.aws_caller_identity.current.account_id
  deletion_protection = var.deletion_protection

  capacity = local.production ? {
    instance_class  = "db.r7g.large"
    storage_gib     = 100
    multi_az        = true
    backup_days     = 14
    insights        = true
    max_connections = 400
  } : {}

  depends_on = [module.etl]
}

module "streaming_inference" {
  source = "./modules/streaming-inference"

  project          = var.project
  network          = local.network
  lake_bucket      = local.lake
  code             = local.code
  alerts_topic_arn = local.fact["alerts/topic_arn"]
  kms_key_arn      = local.kms_key_arn
  account_id       = data.aws_caller_identity.current.account_id
  concurrency      = coalesce(var.concurrency, local.production ? { inference = 200, transform = 60, updater = 60 } : { inference = 20, transform = 10, updater = 10 })

  database = merge(module.vector_db.connection, {
    secret_arns     = { reader = module.vector_db.secret_arns.inference, writer = module.vector_db.secret_arns.updater }
    max_connections = module.vector_db.max_connections
  })

  depends_on = [module.vector_db]
}
