output "endpoint" {
  description = "Host name of the database."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the database."
  value       = aws_db_instance.this.port
}

output "database" {
  description = "Name of the database inside the instance."
  value       = var.database
}

output "security_group_id" {
  description = "The database's security group; a client adds an ingress rule from its own group."
  value       = aws_security_group.this.id
}

output "secret_arns" {
  description = "Secrets by user: admin (managed by RDS, for set-up only), reader, writer."
  value = {
    admin  = local.master_secret_arn
    reader = aws_secretsmanager_secret.user["retail_reader"].arn
    writer = aws_secretsmanager_secret.user["retail_writer"].arn
  }

  # A client that starts right after this has a first password on its way.
  depends_on = [aws_secretsmanager_secret_rotation.user]
}
