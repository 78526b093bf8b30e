data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  rule      = "${local.name}-job-failed"
  rule_arn  = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${local.rule}"
}

# A role, not the topic's policy: EventBridge sends no aws:SourceAccount to an encrypted topic's key.
module "events_role" {
  source = "../../../../terraform-modules/service-role"

  name        = "${local.name}-events"
  description = "Lets EventBridge tell the alerts topic of failed jobs of ${local.name}."
  account_id  = local.account
  trusted     = { service = "events.amazonaws.com", source_arn = local.rule_arn }
  policy      = { name = "publish-alerts", json = data.aws_iam_policy_document.events.json }
}

data "aws_iam_policy_document" "events" {
  statement {
    sid       = "TellOfFailures"
    actions   = ["sns:Publish"]
    resources = [var.alerts_topic_arn]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}
