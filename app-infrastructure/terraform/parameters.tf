# Facts that the other roots, and programs at run time, read. None is a secret.
locals {
  facts = {
    "network/vpc_id"           = module.network.vpc_id
    "source/endpoint"          = module.source_database.connection.endpoint
    "source/port"              = tostring(module.source_database.connection.port)
    "source/database"          = module.source_database.connection.name
    "source/security_group_id" = module.source_database.connection.security_group_id
    "source/admin_secret_arn"  = module.source_database.secret_arns.admin
    "source/reader_secret_arn" = module.source_database.secret_arns.reader
    "source/writer_secret_arn" = module.source_database.secret_arns.writer
    "lake/artifacts_bucket"    = module.foundation.artifacts_bucket
    "alerts/topic_arn"         = module.foundation.alerts_topic_arn
    "storefront/url"           = module.web_tier.url

    # The tunnel to the warehouse leads through an instance of the shop.
    "storefront/security_group_id" = module.web_tier.security_group_id

    # retail-api-fetch reads the API's token there.
    "storefront/session_secret_arn" = module.web_tier.session_secret_arn
  }
  lists = {
    "network/private_subnet_ids" = module.network.private_subnet_ids
    "network/public_subnet_ids"  = module.network.public_subnet_ids
  }
}

resource "aws_ssm_parameter" "fact" {
  for_each = local.facts

  name           = "/${var.project}/${each.key}"
  description    = "Written by app-infrastructure."
  type           = "String"
  insecure_value = each.value
}

resource "aws_ssm_parameter" "list" {
  for_each = local.lists

  name           = "/${var.project}/${each.key}"
  description    = "Written by app-infrastructure."
  type           = "StringList"
  insecure_value = join(",", each.value)
}
