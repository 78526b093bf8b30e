# What signs sessions and admits retail-api-fetch. The values are written, never read back: in no plan and no state.
resource "aws_secretsmanager_secret" "session" {
  #checkov:skip=CKV2_AWS_57:a new signing key signs everybody out, so it changes when somebody raises the version, not on a clock
  name                    = "${var.project}/storefront/session"
  description             = "The storefront's session_key and api_token."
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.deletion_protection ? 7 : 0
}

resource "aws_secretsmanager_secret_version" "session" {
  secret_id                = aws_secretsmanager_secret.session.id
  secret_string_wo         = jsonencode(var.session_secret)
  secret_string_wo_version = var.session_secret_version
}
