# What analysts see: three databases, one workgroup that bounds every query, and the business questions by name.
locals {
  databases = {
    bronze = "Mirrors of the sources, as they were read."
    silver = "Cleaned feeds, one row per fact of the source."
    gold   = "The star schema and its marts."
  }
}

resource "aws_glue_catalog_database" "this" {
  for_each = local.databases

  name         = "${var.project}_${each.key}"
  description  = each.value
  location_uri = "s3://${var.lake_bucket}/${each.key}/"
}

resource "aws_athena_workgroup" "analytics" {
  name          = "${var.project}-analytics"
  description   = "Analysts, dashboards and notebooks."
  force_destroy = !var.deletion_protection

  configuration {
    # Clients cannot choose another place, key or limit.
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.scan_limit_gib * 1024 * 1024 * 1024

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location = "s3://${var.results_bucket}/${var.project}-analytics/"

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}
