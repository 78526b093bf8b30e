data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  ec2_arn = "arn:${data.aws_partition.current.partition}:ec2:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = local.name
  description        = "Execution role of the function ${local.name}."
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

# No logs:CreateLogGroup: the group is Terraform's, and must not rise again after a destroy.
data "aws_iam_policy_document" "own" {
  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  statement {
    sid       = "ReadOwnEnvironment"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }

  dynamic "statement" {
    for_each = var.network == null ? [] : [var.network]

    content {
      sid     = "AttachToSubnets"
      actions = ["ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
      resources = concat(
        ["${local.ec2_arn}:network-interface/*"],
        [for id in statement.value.subnet_ids : "${local.ec2_arn}:subnet/${id}"],
        [for id in statement.value.security_group_ids : "${local.ec2_arn}:security-group/${id}"],
      )
    }
  }

  dynamic "statement" {
    for_each = var.network == null ? [] : [var.network]

    content {
      # "Giving Lambda functions access to resources in an Amazon VPC": interfaces by id, or all of them in this form.
      sid       = "DetachFromSubnets"
      actions   = ["ec2:DeleteNetworkInterface"]
      resources = ["${local.ec2_arn}:*/*"]
    }
  }

  dynamic "statement" {
    for_each = var.network == null ? [] : [var.network]

    content {
      # EC2's Describe actions know no resources.
      sid       = "SeeNetwork"
      actions   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role_policy" "own" {
  name   = "own"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.own.json
}

resource "aws_iam_role_policy" "given" {
  name   = "given"
  role   = aws_iam_role.this.id
  policy = var.policy_json
}
