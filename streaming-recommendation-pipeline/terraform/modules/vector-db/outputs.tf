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
  value       = local.database
}

output "security_group_id" {
  description = "The database's security group; a client adds an ingress rule from its own group."
  value       = aws_security_group.this.id
}

output "connections" {
  description = "Connections that the server admits."
  value       = var.capacity.max_connections
}

output "secret_arns" {
  description = "Secrets by user: admin (managed by RDS, for set-up only), inference, loader, updater."
  value = {
    admin     = local.master_secret_arn
    inference = aws_secretsmanager_secret.user["retail_inference"].arn
    loader    = aws_secretsmanager_secret.user["retail_loader"].arn
    updater   = aws_secretsmanager_secret.user["retail_profile_updater"].arn
  }

  # A client that starts right after this has a first password on its way.
  depends_on = [aws_secretsmanager_secret_rotation.user]
}
