# The two jobs of a retraining, and the machine that runs them one after the other. Both read and write the lake alone,
# so they run outside the VPC: nothing to route, nothing to pay while idle.
locals {
  databases = { for layer in ["bronze", "gold"] : layer => "${var.project}_${layer}" }
}

module "ml_etl_job" {
  source = "../../../../terraform-modules/glue-job"

  project     = var.project
  name        = "ml-etl-job"
  description = "Ratings or purchases with product and customer attributes: the training table."
  kms_key_arn = var.kms_key_arn
  capacity    = { workers = var.workers }

  artifacts = {
    dir     = var.artifacts.dir
    bucket  = var.artifacts.bucket
    script  = "retail_ml_etl_job.py"
    package = "streaming_recs"
  }

  arguments = {
    "--project"     = var.project
    "--lake_bucket" = var.lake_bucket.name
  }

  lake = {
    bucket    = var.lake_bucket
    databases = values(local.databases)
    writes = {
      prefixes = ["gold/ratings_ml_training/", "runs/"]
      tables   = ["${local.databases.gold}/ratings_ml_training"]
    }
  }
}

module "train_job" {
  source = "../../../../terraform-modules/glue-job"

  project     = var.project
  name        = "train-embeddings"
  description = "Training table to an evaluated model version: embeddings, metrics, and the promotion gate's decision."
  kms_key_arn = var.kms_key_arn
  capacity    = { workers = var.workers, timeout_minutes = 120 }

  artifacts = {
    dir     = var.artifacts.dir
    bucket  = var.artifacts.bucket
    script  = "retail_train_embeddings.py"
    package = "streaming_recs"
    # SciPy and LightGBM.
    compiled = true
  }

  arguments = {
    "--project"     = var.project
    "--lake_bucket" = var.lake_bucket.name
    "--seed"        = "7"
  }

  lake = {
    bucket    = var.lake_bucket
    databases = [local.databases.gold]
    writes    = { prefixes = ["embeddings/", "models/", "runs/"] }
  }
}
