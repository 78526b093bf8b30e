data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  here      = "${data.aws_region.current.name}:${var.account_id}"
  partition = data.aws_partition.current.partition
}

module "machine_role" {
  source = "../service-role"

  name        = local.name
  description = "Role of the state machine ${local.name}."
  account_id  = var.account_id
  policy      = { name = var.policy_names.machine, json = data.aws_iam_policy_document.machine.json }

  # The ARN is composed: the machine needs its role first.
  trusted = { service = "states.amazonaws.com", source_arn = "arn:${local.partition}:states:${local.here}:stateMachine:${local.name}" }
}

data "aws_iam_policy_document" "machine" {
  source_policy_documents = [var.policy_json]

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

module "scheduler_role" {
  source = "../service-role"

  name        = "${local.name}-scheduler"
  description = "Lets EventBridge Scheduler start ${local.name}."
  account_id  = var.account_id
  policy      = { name = var.policy_names.scheduler, json = data.aws_iam_policy_document.scheduler.json }
  trusted     = { service = "scheduler.amazonaws.com", source_arn = "arn:${local.partition}:scheduler:${local.here}:schedule-group/default" }
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    actions   = ["states:StartExecution"]
    resources = [aws_sfn_state_machine.this.arn]
  }
}
