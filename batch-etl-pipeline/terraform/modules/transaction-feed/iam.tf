data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  here      = "${data.aws_region.current.name}:${var.account_id}"
  glue_arn  = "arn:${local.partition}:glue:${local.here}"
  catalog_arns = [
    "${local.glue_arn}:catalog",
    "${local.glue_arn}:database/${var.database}",
    "${local.glue_arn}:table/${var.database}/transactions",
  ]
}

data "aws_iam_policy_document" "catalogue" {
  statement {
    sid       = "KeepTheCatalogue"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.landing_bucket.arn}/${local.catalogue_prefix}*"]
  }

  # Without it S3 answers 403 for what is not there.
  statement {
    sid       = "FindTheCatalogue"
    actions   = ["s3:ListBucket"]
    resources = [var.landing_bucket.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["transactions/*"]
    }
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "KeepEventsThatFail"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failed.arn]
  }
}

data "aws_iam_policy_document" "generator" {
  source_policy_documents = [data.aws_iam_policy_document.catalogue.json]

  statement {
    sid       = "LandRawFiles"
    actions   = ["s3:PutObject"]
    resources = ["${var.landing_bucket.arn}/${local.raw_prefix}*"]
  }
}

data "aws_iam_policy_document" "transformer" {
  source_policy_documents = [data.aws_iam_policy_document.catalogue.json]

  statement {
    sid       = "ReadRawFiles"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.landing_bucket.arn}/${local.raw_prefix}*"]
  }

  statement {
    sid     = "WriteTheTable"
    actions = ["s3:PutObject"]
    resources = [
      for prefix in [local.table_prefix, local.compacted_prefix, local.quarantine] : "${var.lake_bucket.arn}/${prefix}*"
    ]
  }

  statement {
    sid       = "SeeWhatIsCompacted"
    actions   = ["s3:GetObject"]
    resources = ["${var.lake_bucket.arn}/${local.compacted_prefix}*"]
  }

  statement {
    sid       = "FindWhatIsCompacted"
    actions   = ["s3:ListBucket"]
    resources = [var.lake_bucket.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${local.compacted_prefix}*"]
    }
  }

  statement {
    sid       = "EnterPartitions"
    actions   = ["glue:CreatePartition", "glue:GetPartition", "glue:GetTable"]
    resources = local.catalog_arns
  }

  statement {
    sid       = "EnterTransactions"
    actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.latest.arn]
  }
}

data "aws_iam_policy_document" "compactor" {
  statement {
    sid       = "CompactFiles"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = [for prefix in [local.table_prefix, local.compacted_prefix] : "${var.lake_bucket.arn}/${prefix}*"]
  }

  statement {
    sid       = "FindFiles"
    actions   = ["s3:ListBucket"]
    resources = [var.lake_bucket.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${local.table_prefix}*", "${local.compacted_prefix}*"]
    }
  }

  statement {
    sid       = "MoveDays"
    actions   = ["glue:BatchUpdatePartition", "glue:GetPartition", "glue:GetPartitions"]
    resources = local.catalog_arns
  }

  statement {
    sid       = "OneAtATime"
    actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"]
    resources = [var.lock_table.arn]

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "dynamodb:LeadingKeys"
      values   = ["transaction-compaction"]
    }
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}
