# The ground the other roots stand on: key, alerts, artifacts, network, and the source database.
locals {
  production = var.profile == "production"
  source_ca  = "${var.artifacts_dir}/ca/source-ca.pem"
}

module "foundation" {
  source = "./modules/foundation"

  project             = var.project
  alert_emails        = var.alert_emails
  monthly_budget_usd  = var.monthly_budget_usd
  deletion_protection = var.deletion_protection
}

module "network" {
  source = "./modules/network"

  project     = var.project
  cidr        = var.network.cidr
  nat         = coalesce(var.network.nat, local.production ? "per_az" : "single")
  kms_key_arn = module.foundation.kms_key_arn
}

module "source_database" {
  source = "./modules/source-database"

  project             = var.project
  kms_key_arn         = module.foundation.kms_key_arn
  artifacts_dir       = var.artifacts_dir
  deletion_protection = var.deletion_protection

  capacity = local.production ? {
    instance_class = "db.r7g.large"
    storage_gib    = 100
    multi_az       = true
    backup_days    = 14
    insights       = true
  } : {}

  network = {
    vpc_id     = module.network.vpc_id
    subnet_ids = module.network.private_subnet_ids
  }
}

# Glue jobs check the database's certificate against this bundle.
resource "aws_s3_object" "source_ca" {
  bucket      = module.foundation.artifacts_bucket
  key         = "ca/source-ca.pem"
  source      = local.source_ca
  source_hash = fileexists(local.source_ca) ? filemd5(local.source_ca) : null

  lifecycle {
    precondition {
      condition     = fileexists(local.source_ca)
      error_message = "${local.source_ca} is missing: run `make package` first."
    }
  }
}
