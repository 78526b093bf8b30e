# What app-infrastructure and batch-etl-pipeline wrote down, and what this root writes down for others.
locals {
  # Names and ids, no secrets: the provider only does not know that.
  written = zipmap(data.aws_ssm_parameters_by_path.all.names, nonsensitive(data.aws_ssm_parameters_by_path.all.values))
  fact    = { for name in local.facts : name => local.written["/${var.project}/${name}"] }
  facts = [
    "alerts/topic_arn",
    "lake/artifacts_bucket",
    "lake/lake_bucket",
    "network/private_subnet_ids",
    "network/vpc_id",
  ]
  published = {
    "vector-db/endpoint"             = module.vector_db.connection.endpoint
    "vector-db/port"                 = tostring(module.vector_db.connection.port)
    "vector-db/database"             = module.vector_db.connection.name
    "vector-db/security_group_id"    = module.vector_db.connection.security_group_id
    "vector-db/admin_secret_arn"     = module.vector_db.secret_arns.admin
    "vector-db/inference_secret_arn" = module.vector_db.secret_arns.inference
    "vector-db/loader_secret_arn"    = module.vector_db.secret_arns.loader
    "events/stream_name"             = module.streaming_inference.stream_name
    "inference/function_name"        = module.streaming_inference.inference.function_name
    "inference/url"                  = module.streaming_inference.inference.url
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_prefix_list" "s3" {
  name = "com.amazonaws.${data.aws_region.current.name}.s3"
}

data "aws_ssm_parameters_by_path" "all" {
  path      = "/${var.project}"
  recursive = true

  lifecycle {
    postcondition {
      condition     = length(setsubtract([for name in local.facts : "/${var.project}/${name}"], self.names)) == 0
      error_message = "The facts of app-infrastructure and batch-etl-pipeline are not all written under /${var.project}: apply those roots first, in that order."
    }
  }
}

data "aws_kms_alias" "platform" {
  name = "alias/${var.project}"

  # Asked for after the facts, so that an order mixed up meets one clear message.
  depends_on = [data.aws_ssm_parameters_by_path.all]
}

resource "aws_ssm_parameter" "fact" {
  for_each = local.published

  name           = "/${var.project}/${each.key}"
  description    = "Written by streaming-recommendation-pipeline."
  type           = "String"
  insecure_value = each.value
}
