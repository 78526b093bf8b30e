# Redshift says for which database user it takes a role: an external id of another account is refused.
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "sts:ExternalId"
      values   = ["arn:${data.aws_partition.current.partition}:redshift:${local.here}:dbuser:*"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${local.name}-redshift"
  description        = "Lets Redshift Serverless read the lake and its catalog."
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "read" {
  statement {
    sid     = "ReadTheCatalog"
    actions = ["glue:BatchGetPartition", "glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
    resources = concat(
      ["${local.glue_arn}:catalog"],
      [for name in var.lake.databases : "${local.glue_arn}:database/${name}"],
      [for name in var.lake.databases : "${local.glue_arn}:table/${name}/*"],
    )
  }

  statement {
    sid       = "SeeTheLake"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.lake.bucket.arn]
  }

  statement {
    sid       = "ReadTheLake"
    actions   = ["s3:GetObject"]
    resources = [for prefix in var.lake.prefixes : "${var.lake.bucket.arn}/${prefix}*"]
  }

  statement {
    sid       = "DecryptTheLake"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "read-lake"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.read.json
}
