# The transactions API and the click stream: fetched, through bronze and silver to gold.
variable "api" {
  description = "The transactions API. Without a url it is the storefront's own, with its token; any other says its address (https, for a token goes along), the names in its answers that differ from the storefront's, the secret that opens it, and the store that its sales are of when it names none."
  type = object({
    url              = optional(string)
    fields           = optional(map(string), {})
    store_id         = optional(string, "online")
    cursor_parameter = optional(string, "cursor")
    limit_parameter  = optional(string, "limit")
    page_size        = optional(number, 500)
    reread_hours     = optional(number, 24)
    auth = optional(object({
      secret_arn   = optional(string)
      secret_field = optional(string, "api_token")
      header       = optional(string, "authorization")
      scheme       = optional(string, "Bearer")
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.api.url == null || can(regex("^https://[^/]+", var.api.url))
    error_message = "api.url is an https address such as https://shop.example.com/api/v1/transactions."
  }

  validation {
    condition     = var.api.url != null || var.api.auth.secret_arn == null
    error_message = "api.auth is for another API; the storefront's own token is found without it."
  }
}

locals {
  # Without an address it is the storefront's API, with what app-infrastructure wrote of it.
  api = merge(var.api, {
    url = var.api.url == null ? "${local.fact["storefront/url"]}/api/v1/transactions" : var.api.url
    auth = merge(var.api.auth, {
      secret_arn = var.api.url == null ? local.fact["storefront/session_secret_arn"] : var.api.auth.secret_arn
    })
  })

  silver_database = module.query_layer.databases["silver"]
  gold_database   = module.query_layer.databases["gold"]
}

# Outside the VPC: the API is one of the internet's, and AWS is all else that the function calls.
module "api_fetch" {
  source = "./modules/api-fetch"

  project             = var.project
  api                 = local.api
  bronze_database     = module.query_layer.databases["bronze"]
  landing_bucket      = module.data_lake.buckets["landing"]
  lake_bucket         = module.data_lake.buckets["lake"]
  artifacts_dir       = var.artifacts_dir
  alerts_topic_arn    = local.fact["alerts/topic_arn"]
  kms_key_arn         = local.kms_key_arn
  deletion_protection = var.deletion_protection
}

# Both jobs read and write S3 alone, so they run outside the VPC: nothing to route, nothing to pay while idle.
module "bronze_to_silver_job" {
  source = "../../terraform-modules/glue-job"

  project     = var.project
  name        = "bronze-to-silver"
  description = "New API pages and click files to silver: exploded, cleansed, each record once."
  kms_key_arn = local.kms_key_arn
  capacity    = { workers = local.production ? 4 : 2 }

  artifacts = {
    dir     = var.artifacts_dir
    bucket  = local.fact["lake/artifacts_bucket"]
    script  = "retail_bronze_to_silver.py"
    package = "batch_etl"
  }

  arguments = {
    "--project"        = var.project
    "--lake_bucket"    = module.data_lake.buckets["lake"].name
    "--landing_bucket" = module.data_lake.buckets["landing"].name
    "--api_fields"     = jsonencode(var.api.fields)
    "--store_id"       = var.api.store_id
  }

  metric_namespaces = ["Retail/Lake"]

  lake = {
    bucket    = module.data_lake.buckets["lake"]
    databases = [local.silver_database]
    writes = {
      prefixes = concat(
        ["quarantine/api_transactions/", "quarantine/clicks/", "runs/"],
        [for table in ["clicks", "sessions", "source_files", "transaction_items"] : "silver/${table}/"],
      )
      tables = [for table in ["clicks", "sessions", "source_files", "transaction_items"] : "${local.silver_database}/${table}"]
    }
  }
}

data "aws_iam_policy_document" "landed_pages" {
  statement {
    sid       = "ReadPages"
    actions   = ["s3:GetObject"]
    resources = ["${module.api_fetch.pages.bucket.arn}/${module.api_fetch.pages.prefix}*"]
  }

  statement {
    sid       = "FindPages"
    actions   = ["s3:ListBucket"]
    resources = [module.api_fetch.pages.bucket.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${module.api_fetch.pages.prefix}*"]
    }
  }
}

resource "aws_iam_role_policy" "landed_pages" {
  name   = "landed-pages"
  role   = module.bronze_to_silver_job.role_name
  policy = data.aws_iam_policy_document.landed_pages.json
}

module "silver_to_gold_job" {
  source = "../../terraform-modules/glue-job"

  project     = var.project
  name        = "silver-to-gold"
  description = "Silver to the marts by store and product and the conversion funnel, audited and published together."
  kms_key_arn = local.kms_key_arn
  capacity    = { workers = local.production ? 4 : 2 }

  artifacts = {
    dir     = var.artifacts_dir
    bucket  = local.fact["lake/artifacts_bucket"]
    script  = "retail_silver_to_gold.py"
    package = "batch_etl"
  }

  arguments = {
    "--project"            = var.project
    "--lake_bucket"        = module.data_lake.buckets["lake"].name
    "--publish_lock_table" = module.data_lake.publish_lock_table.name
  }

  lake = {
    bucket    = module.data_lake.buckets["lake"]
    databases = [local.silver_database, local.gold_database]
    writes = {
      prefixes = concat(["runs/"], [for table in local.medallion_tables : "gold/${table}/"])
      tables   = [for table in local.medallion_tables : "${local.gold_database}/${table}"]
    }
    publish_lock_table_arn = module.data_lake.publish_lock_table.arn
  }
}

locals {
  medallion_tables = ["conversion_funnel", "medallion_publications", "quality_results", "store_daily_sales", "store_product_performance"]
}

resource "aws_cloudwatch_metric_alarm" "set_aside" {
  alarm_name          = "${module.bronze_to_silver_job.name}-set-aside"
  alarm_description   = "${module.bronze_to_silver_job.name}: transactions or clicks were bad; they lie with their reasons under quarantine/ in the lake."
  namespace           = "Retail/Lake"
  metric_name         = "RecordsSetAside"
  dimensions          = { Project = var.project }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.fact["alerts/topic_arn"]]
}
