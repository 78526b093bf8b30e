output "secret_arns" {
  description = "Secrets by user."
  value       = { for user, secret in aws_secretsmanager_secret.this : user => secret.arn }

  # A client that starts right after this has a first password on its way.
  depends_on = [aws_secretsmanager_secret_rotation.this]
}
