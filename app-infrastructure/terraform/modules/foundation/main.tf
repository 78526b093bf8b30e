# What everything else stands on: one key, one topic for alarms, one bucket for artifacts, one budget.
data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.name
  arn     = "arn:${data.aws_partition.current.partition}"
}

module "artifacts" {
  source = "../../../../terraform-modules/bucket"

  project       = var.project
  role          = "artifacts"
  kms_key_arn   = aws_kms_key.this.arn
  force_destroy = !var.deletion_protection
}
