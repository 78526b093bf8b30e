# A private bucket: versioned, encrypted with the platform's key, reachable over TLS alone.
locals {
  name = join("-", [var.project, var.role, data.aws_caller_identity.current.account_id, data.aws_region.current.name])
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

resource "aws_s3_bucket" "this" {
  bucket        = local.name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    # One data key for many objects: a lake makes thousands of KMS calls otherwise.
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

# Only what nobody can read any more expires. Current objects are Iceberg's to delete, never a lifecycle's.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  # Versioning first: a rule on noncurrent versions means nothing without it.
  bucket = aws_s3_bucket_versioning.this.bucket

  rule {
    id     = "expire-what-is-not-current"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 3
    }
  }
}
