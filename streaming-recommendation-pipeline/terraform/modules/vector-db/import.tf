# aws_s3.table_import_from_s3 reads embeddings with this role: the same psql file loads them everywhere.
data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "import_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["rds.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${data.aws_partition.current.partition}:rds:${data.aws_region.current.name}:${var.account_id}:db:${local.name}"]
    }
  }
}

resource "aws_iam_role" "import" {
  name               = "${local.name}-import"
  description        = "Lets ${local.name} read embeddings from the lake."
  assume_role_policy = data.aws_iam_policy_document.import_trust.json
}

data "aws_iam_policy_document" "import" {
  statement {
    sid       = "ReadEmbeddings"
    actions   = ["s3:GetObject"]
    resources = ["${var.lake_bucket.arn}/embeddings/*"]
  }

  statement {
    sid       = "FindEmbeddings"
    actions   = ["s3:ListBucket"]
    resources = [var.lake_bucket.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["embeddings/*"]
    }
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role_policy" "import" {
  name   = "read-embeddings"
  role   = aws_iam_role.import.id
  policy = data.aws_iam_policy_document.import.json
}

resource "aws_db_instance_role_association" "import" {
  db_instance_identifier = aws_db_instance.this.identifier
  feature_name           = "s3Import"
  role_arn               = aws_iam_role.import.arn
}
