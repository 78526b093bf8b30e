# What functions import beside their own code and Lambda's Python, and the certificates that they trust.
locals {
  name = "${var.project}-${var.name}"
  hash = fileexists(var.zip) ? filebase64sha256(var.zip) : null
}

# Lambda takes 50 MB at most in the call itself ("Lambda quotas"); a larger zip goes through a bucket.
resource "aws_s3_object" "zip" {
  count = var.bucket == null ? 0 : 1

  bucket      = var.bucket
  key         = "layers/${local.name}.zip"
  source      = var.zip
  source_hash = local.hash

  lifecycle {
    precondition {
      condition     = fileexists(var.zip)
      error_message = "${var.zip} is missing: run `make package` first."
    }
  }
}

resource "aws_lambda_layer_version" "this" {
  layer_name               = local.name
  description              = var.description
  filename                 = var.bucket == null ? var.zip : null
  s3_bucket                = var.bucket
  s3_key                   = one(aws_s3_object.zip[*].key)
  s3_object_version        = one(aws_s3_object.zip[*].version_id)
  source_code_hash         = local.hash
  compatible_runtimes      = ["python3.11"]
  compatible_architectures = ["x86_64"]

  lifecycle {
    precondition {
      condition     = fileexists(var.zip)
      error_message = "${var.zip} is missing: run `make package` first."
    }
  }
}
