locals {
  events_stream = "${var.project}-events"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = local.name
  description        = "The storefront's instances."
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_instance_profile" "this" {
  name = local.name
  role = aws_iam_role.this.name
}

data "aws_iam_policy_document" "storefront" {
  statement {
    sid       = "ReadItsSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.database.writer_secret_arn, aws_secretsmanager_secret.session.arn]
  }

  # What the other roots say of themselves, at run time: the storefront comes up without them.
  statement {
    sid       = "ReadFacts"
    actions   = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"]
    resources = ["${local.arn}:ssm:${local.region}:${local.account}:parameter/${var.project}/*"]
  }

  statement {
    sid       = "SendBrowseEvents"
    actions   = ["kinesis:PutRecords"]
    resources = ["${local.arn}:kinesis:${local.region}:${local.account}:stream/${local.events_stream}"]
  }

  statement {
    sid       = "SpillBrowseEventsAndDeliverThemLater"
    actions   = ["sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"]
    resources = [aws_sqs_queue.spill.arn]
  }

  # For the operations page. GetMetricData knows no resource.
  statement {
    sid       = "ReadMetrics"
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  statement {
    sid       = "AskForRecommendations"
    actions   = ["lambda:InvokeFunction"]
    resources = ["${local.arn}:lambda:${local.region}:${local.account}:function:${var.project}-inference"]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "InstallItself"
    actions   = ["s3:GetObject"]
    resources = [for key in ["storefront/*", var.artifacts.ca_key] : "${local.arn}:s3:::${var.artifacts.bucket}/${key}"]
  }

  statement {
    sid       = "FindWheels"
    actions   = ["s3:ListBucket"]
    resources = ["${local.arn}:s3:::${var.artifacts.bucket}"]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["storefront/*"]
    }
  }

  # No logs:CreateLogGroup: the group is Terraform's, and must not rise again after a destroy.
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  # "Add Session Manager permissions to an existing IAM role": these actions know no resource. AWS's managed policy
  # would also let every parameter of the account be read.
  statement {
    sid = "BeReachedBySessionManager"
    actions = [
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "storefront" {
  name   = "storefront"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.storefront.json
}

# The group starts instances with a role of its own. The account's usual one may not exist yet, and exists for everybody;
# this one goes with the group.
resource "aws_iam_service_linked_role" "autoscaling" {
  aws_service_name = "autoscaling.amazonaws.com"
  custom_suffix    = var.project
  description      = "Starts and stops ${local.name}'s instances."
}

# "Required AWS KMS key policy for use with encrypted volumes", as a grant: without it instances end as they start.
resource "aws_kms_grant" "volumes" {
  name              = "${local.name}-volumes"
  key_id            = var.kms_key_arn
  grantee_principal = aws_iam_service_linked_role.autoscaling.arn
  operations        = ["CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"]
}
