# What app-infrastructure wrote down.
locals {
  # Names and ids, no secrets: the provider only does not know that.
  written = zipmap(data.aws_ssm_parameters_by_path.all.names, nonsensitive(data.aws_ssm_parameters_by_path.all.values))
  fact    = { for name in local.facts : name => local.written["/${var.project}/${name}"] }
  facts = [
    "alerts/topic_arn",
    "lake/artifacts_bucket",
    "network/private_subnet_ids",
    "network/vpc_id",
    "source/database",
    "source/endpoint",
    "source/port",
    "source/reader_secret_arn",
    "source/security_group_id",
    "storefront/security_group_id",
    "storefront/session_secret_arn",
    "storefront/url",
  ]
}

data "aws_ssm_parameters_by_path" "all" {
  path      = "/${var.project}"
  recursive = true

  lifecycle {
    postcondition {
      condition     = length(setsubtract([for name in local.facts : "/${var.project}/${name}"], self.names)) == 0
      error_message = "The facts of app-infrastructure are not all written under /${var.project}: apply that root first."
    }
  }
}

data "aws_kms_alias" "platform" {
  name = "alias/${var.project}"

  # Asked for after the facts, so that an order mixed up meets one clear message.
  depends_on = [data.aws_ssm_parameters_by_path.all]
}

resource "aws_ssm_parameter" "bucket" {
  for_each = module.data_lake.buckets

  name           = "/${var.project}/lake/${replace(each.key, "-", "_")}_bucket"
  description    = "Written by batch-etl-pipeline."
  type           = "String"
  insecure_value = each.value.name
}
