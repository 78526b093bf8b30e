data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  here      = "${data.aws_region.current.name}:${var.account_id}"
  partition = data.aws_partition.current.partition
  # Composed: the database and its loader come after this module.
  loader_arn = "arn:${local.partition}:lambda:${local.here}:function:${var.project}-vector-loader"
  trusted = {
    # The ARN is composed: the machine needs its role first.
    machine   = { service = "states.amazonaws.com", source = "arn:${local.partition}:states:${local.here}:stateMachine:${local.name}" }
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
      values   = [var.account_id]
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
    sid       = "RunTheJobs"
    actions   = ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]
    resources = [module.ml_etl_job.arn, module.train_job.arn]
  }

  statement {
    sid       = "MakeLive"
    actions   = ["lambda:InvokeFunction"]
    resources = [local.loader_arn]
  }

  statement {
    sid       = "ReadReports"
    actions   = ["s3:GetObject"]
    resources = ["${var.lake_bucket.arn}/runs/*"]
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
  name   = "retrain"
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
  name   = "start-retraining"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
