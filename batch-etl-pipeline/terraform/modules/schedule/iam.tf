data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  account     = data.aws_caller_identity.current.account_id
  here        = "${data.aws_region.current.name}:${local.account}"
  partition   = data.aws_partition.current.partition
  machine_arn = "arn:${local.partition}:states:${local.here}:stateMachine:${local.name}"
  trusted = {
    # The ARN is composed: the machine needs its role first.
    machine = { service = "states.amazonaws.com", source = local.machine_arn }
    # A role, not the topic's policy: EventBridge sends no aws:SourceAccount to an encrypted topic's key.
    events    = { service = "events.amazonaws.com", source = "arn:${local.partition}:events:${local.here}:rule/${var.job.name}-failed" }
    scheduler = { service = "scheduler.amazonaws.com", source = "arn:${local.partition}:scheduler:${local.here}:schedule-group/default" }
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = local.trusted

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value.service]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [each.value.source]
    }
  }
}

resource "aws_iam_role" "machine" {
  name               = local.name
  description        = "Role of the state machine ${local.name}."
  assume_role_policy = data.aws_iam_policy_document.trust["machine"].json
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

  statement {
    sid       = "Notify"
    actions   = ["sns:Publish"]
    resources = [var.alerts_topic_arn]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    # CloudWatch's log delivery and X-Ray know no resources for these.
    sid = "LogAndTrace"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "machine" {
  name   = "run-the-night"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}

resource "aws_iam_role" "scheduler" {
  name               = "${local.name}-scheduler"
  description        = "Lets EventBridge Scheduler start ${local.name}."
  assume_role_policy = data.aws_iam_policy_document.trust["scheduler"].json
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    actions   = ["states:StartExecution"]
    resources = [aws_sfn_state_machine.this.arn]
  }
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "start-the-night"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}

resource "aws_iam_role" "events" {
  name               = "${local.name}-events"
  description        = "Lets EventBridge tell the alerts topic of failed Glue runs."
  assume_role_policy = data.aws_iam_policy_document.trust["events"].json
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

resource "aws_iam_role_policy" "events" {
  name   = "publish-alerts"
  role   = aws_iam_role.events.id
  policy = data.aws_iam_policy_document.events.json
}
