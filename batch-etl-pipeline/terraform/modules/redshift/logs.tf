# Redshift would make the groups itself, without key and for ever; made here, they go with `destroy`.
resource "aws_cloudwatch_log_group" "audit" {
  for_each = toset(["connectionlog", "useractivitylog", "userlog"])

  name              = "/aws/redshift/${local.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}
