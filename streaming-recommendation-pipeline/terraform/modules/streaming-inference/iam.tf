data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  here      = "${data.aws_region.current.name}:${var.account_id}"
  glue_arn  = "arn:${local.partition}:glue:${local.here}"
  s3_arn    = var.lake_bucket.arn
}

# What the recommending functions need: the reader's password, and the model that the database says is live.
data "aws_iam_policy_document" "inference" {
  statement {
    sid       = "ConnectAsReader"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.database.secret_arns.reader]
  }

  statement {
    sid       = "ReadModels"
    actions   = ["s3:GetObject"]
    resources = ["${local.s3_arn}/models/*"]
  }

  # A version that SQL made live is known to the database alone, until a process serves it.
  statement {
    sid       = "NoteWhatServes"
    actions   = ["s3:PutObject"]
    resources = ["${local.s3_arn}/models/registry.json"]
  }

  # Without it S3 answers 403 for a model that is not there.
  statement {
    sid       = "FindModels"
    actions   = ["s3:ListBucket"]
    resources = [local.s3_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["models/*"]
    }
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "transform" {
  source_policy_documents = [data.aws_iam_policy_document.inference.json]

  statement {
    sid       = "QuarantineRecords"
    actions   = ["s3:PutObject"]
    resources = ["${local.s3_arn}/quarantine/*"]
  }
}

data "aws_iam_policy_document" "updater" {
  statement {
    sid       = "ConnectAsWriter"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.database.secret_arns.writer]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "ReadTheStream"
    actions   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
    resources = [aws_kinesis_stream.events.arn]
  }

  statement {
    sid       = "BePushedTo"
    actions   = ["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"]
    resources = [aws_kinesis_stream_consumer.profile_updater.arn]
  }

  # Lambda itself puts what it gives up under this prefix, with the function's role.
  statement {
    sid       = "KeepWhatFails"
    actions   = ["s3:PutObject"]
    resources = ["${local.s3_arn}/aws/lambda/*"]
  }

  statement {
    sid       = "FindWhatFails"
    actions   = ["s3:ListBucket"]
    resources = [local.s3_arn]
  }
}

# --- Firehose ---

data "aws_iam_policy_document" "firehose_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }

    # "Allow Firehose to assume an IAM role": Firehose names the account that it acts for so.
    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.account_id]
    }
  }
}

resource "aws_iam_role" "firehose" {
  for_each = local.deliveries

  name               = "${var.project}-${each.key}"
  description        = "Lets Firehose deliver ${var.project}-${each.key}."
  assume_role_policy = data.aws_iam_policy_document.firehose_trust.json
}

data "aws_iam_policy_document" "firehose" {
  for_each = local.deliveries

  statement {
    sid       = "ReadTheStream"
    actions   = ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
    resources = [aws_kinesis_stream.events.arn]
  }

  statement {
    sid       = "SeeTheLake"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [local.s3_arn]
  }

  statement {
    sid       = "Deliver"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    resources = [for folder in each.value.folders : "${local.s3_arn}/${folder}/*"]
  }

  statement {
    sid     = "ReadTheSchema"
    actions = ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"]
    resources = [
      "${local.glue_arn}:catalog",
      "${local.glue_arn}:database/${local.databases.bronze}",
      "${local.glue_arn}:table/${local.databases.bronze}/${each.value.table}",
    ]
  }

  dynamic "statement" {
    for_each = each.value.transform ? [module.function["transform"].arn] : []

    content {
      sid       = "Transform"
      actions   = ["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"]
      resources = [statement.value, "${statement.value}:$LATEST"]
    }
  }

  statement {
    sid       = "LogFailures"
    actions   = ["logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.firehose[each.key].arn}:*"]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role_policy" "firehose" {
  for_each = local.deliveries

  name   = "deliver"
  role   = aws_iam_role.firehose[each.key].id
  policy = data.aws_iam_policy_document.firehose[each.key].json
}
