output "identifier" {
  description = "RDS's name of the instance."
  value       = aws_db_instance.this.identifier
}

output "connection" {
  description = "Where the database is, the security group to which a client adds an ingress rule, and the secret of its master, which RDS manages and set-up and rotation alone may read."
  value = {
    endpoint          = aws_db_instance.this.address
    port              = aws_db_instance.this.port
    name              = var.database
    security_group_id = aws_security_group.this.id
    master_secret_arn = aws_db_instance.this.master_user_secret[0].secret_arn
  }
}
