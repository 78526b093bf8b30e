data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  here      = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
  glue_arn  = "arn:${data.aws_partition.current.partition}:glue:${local.here}"
  ec2_arn   = "arn:${data.aws_partition.current.partition}:ec2:${local.here}"
  logs_arn  = "arn:${data.aws_partition.current.partition}:logs:${local.here}"
  artifacts = "arn:${data.aws_partition.current.partition}:s3:::${var.artifacts.bucket}"
}

# Glue sends no aws:SourceAccount when it takes a job's role; iam:PassRole keeps other accounts out.
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["glue.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = local.name
  description        = "Role of the Glue job ${local.name}."
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "data" {
  statement {
    sid     = "ReadArtifacts"
    actions = ["s3:GetObject"]
    resources = [
      "${local.artifacts}/ca/*",
      "${local.artifacts}/jobs/${var.artifacts.script}",
      "${local.artifacts}/modules/${local.name}/*",
      "${local.artifacts}/wheels/${local.name}/*",
    ]
  }

  statement {
    sid       = "SeeBuckets"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [local.artifacts, var.lake.bucket.arn]
  }

  statement {
    sid       = "ReadTheLake"
    actions   = ["s3:GetObject"]
    resources = ["${var.lake.bucket.arn}/*"]
  }

  statement {
    sid       = "WriteTheLake"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = [for prefix in concat(var.lake.writes.prefixes, [local.temporary]) : "${var.lake.bucket.arn}/${prefix}*"]
  }

  statement {
    sid     = "ReadTheCatalog"
    actions = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables"]
    resources = concat(
      ["${local.glue_arn}:catalog"],
      [for name in var.lake.databases : "${local.glue_arn}:database/${name}"],
      [for name in var.lake.databases : "${local.glue_arn}:table/${name}/*"],
    )
  }

  dynamic "statement" {
    for_each = length(var.lake.writes.tables) == 0 ? [] : [var.lake.writes.tables]

    content {
      sid     = "KeepTheCatalog"
      actions = ["glue:CreateTable", "glue:DeleteTable", "glue:UpdateTable"]
      resources = concat(
        ["${local.glue_arn}:catalog"],
        distinct([for table in statement.value : "${local.glue_arn}:database/${split("/", table)[0]}"]),
        [for table in statement.value : "${local.glue_arn}:table/${table}"],
      )
    }
  }

  dynamic "statement" {
    for_each = var.lake.publish_lock_table_arn == null ? [] : [var.lake.publish_lock_table_arn]

    content {
      sid       = "HoldThePublishLock"
      actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = local.databases

    content {
      sid       = statement.key == "source" ? "ReadTheSourceAsReader" : "WriteTheTargetAsLoader"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [statement.value.secret_arn]
    }
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "run" {
  statement {
    # Under a security configuration Glue may add its name to a group's, so groups are named by their prefix.
    sid       = "WriteLogs"
    actions   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.logs_arn}:log-group:${local.log_prefix}/*", "${local.logs_arn}:log-group:/aws-glue/jobs/*"]
  }

  statement {
    # PutMetricData knows no resource; the namespace is its fence.
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = concat(["Glue"], var.metric_namespaces)
    }
  }
}

# What a job needs in order to start inside the VPC.
data "aws_iam_policy_document" "network" {
  for_each = local.network

  statement {
    sid       = "OwnConnection"
    actions   = ["glue:GetConnection"]
    resources = ["${local.glue_arn}:catalog", aws_glue_connection.this[each.key].arn]
  }

  statement {
    # EC2's Describe actions know no resources.
    sid = "SeeNetwork"
    actions = [
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcEndpoints",
      "ec2:DescribeVpcs",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "SeeVpc"
    actions   = ["ec2:DescribeVpcAttribute"]
    resources = ["${local.ec2_arn}:vpc/${each.value.vpc_id}"]
  }

  statement {
    sid     = "AttachToSubnet"
    actions = ["ec2:CreateNetworkInterface"]
    resources = [
      "${local.ec2_arn}:network-interface/*",
      "${local.ec2_arn}:security-group/${aws_security_group.this[each.key].id}",
      "${local.ec2_arn}:subnet/${each.value.subnet_id}",
    ]
  }

  statement {
    sid       = "DetachFromSubnet"
    actions   = ["ec2:DeleteNetworkInterface"]
    resources = ["${local.ec2_arn}:network-interface/*"]
  }

  statement {
    sid       = "TagOwnInterfaces"
    actions   = ["ec2:CreateTags", "ec2:DeleteTags"]
    resources = ["${local.ec2_arn}:network-interface/*"]

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "aws:TagKeys"
      values   = ["aws-glue-service-resource"]
    }
  }
}

resource "aws_iam_role_policy" "data" {
  name   = "data"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.data.json
}

resource "aws_iam_role_policy" "run" {
  name   = "run"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.run.json
}

resource "aws_iam_role_policy" "network" {
  for_each = local.network

  name   = "network"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.network[each.key].json
}
