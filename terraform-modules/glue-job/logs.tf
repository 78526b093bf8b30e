# Groups of the job's own: the default /aws-glue/jobs is shared by everything in the account and never expires.
locals {
  log_prefix = "/aws-glue/${local.name}"
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["output", "error"])

  name              = "${local.log_prefix}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}
