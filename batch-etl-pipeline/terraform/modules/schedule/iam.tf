data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  here      = "${data.aws_region.current.name}:${local.account}"
  partition = data.aws_partition.current.partition
}

data "aws_iam_policy_document" "machine" {
  statement {
    sid       = "RunTheJob"
    actions   = ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]
    resources = [var.job.arn]
  }

  statement {
    sid       = "ReadReports"
    actions   = ["s3:GetObject"]
    resources = ["arn:${local.partition}:s3:::${var.reports.bucket}/${var.reports.prefix}*"]
  }
}

# A role, not the topic's policy: EventBridge sends no aws:SourceAccount to an encrypted topic's key.
module "events_role" {
  source = "../../../../terraform-modules/service-role"

  name        = "${local.name}-events"
  description = "Lets EventBridge tell the alerts topic of failed Glue runs."
  account_id  = local.account
  trusted     = { service = "events.amazonaws.com", source_arn = "arn:${local.partition}:events:${local.here}:rule/${var.job.name}-failed" }
  policy      = { name = "publish-alerts", json = data.aws_iam_policy_document.events.json }
}

data "aws_iam_policy_document" "events" {
  statement {
    actions   = ["sns:Publish"]
    resources = [var.alerts_topic_arn]
  }

  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}
