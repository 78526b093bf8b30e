# Application users of a database. Terraform makes their secrets empty; the rotation function makes the users and fills
# the secrets, at once and every thirty days, so that no password is ever in a variable, a plan or the state.
resource "aws_secretsmanager_secret" "this" {
  for_each = var.users

  # The rotation reads the user's name at its end.
  name                    = "${var.project}/${var.name}/${each.key}"
  description             = each.value
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.deletion_protection ? 7 : 0
}

resource "aws_secretsmanager_secret_rotation" "this" {
  for_each = var.users

  secret_id           = aws_secretsmanager_secret.this[each.key].id
  rotation_lambda_arn = module.rotation.arn
  rotate_immediately  = true

  rotation_rules {
    automatically_after_days = 30
  }

  # The first rotation starts at once.
  depends_on = [aws_lambda_permission.rotation]
}
