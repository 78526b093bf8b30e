# The lake's buckets, and the lock that lets one publisher at a time change what readers see.
module "bucket" {
  source   = "../../../../terraform-modules/bucket"
  for_each = toset(["landing", "lake", "athena-results"])

  project         = var.project
  role            = each.key
  kms_key_arn     = var.kms_key_arn
  noncurrent_days = { landing = 30, lake = 7, athena-results = 1 }[each.key]
  force_destroy   = !var.deletion_protection
}

# What arrives starts what takes it in. Events go to the default bus, where each source's rule picks its own prefix.
resource "aws_s3_bucket_notification" "landing" {
  bucket      = module.bucket["landing"].name
  eventbridge = true
}

resource "aws_dynamodb_table" "publish_lock" {
  name                        = "${var.project}-publish-lock"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "lockName"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "lockName"
    type = "S"
  }

  # Time to live only tidies up, hours late; who takes the lock compares expiresAt itself.
  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = true
  }
}
