output "connection" {
  description = "Where the database is: endpoint, port, its name inside the instance, and the security group to which a client adds an ingress rule from its own."
  value       = module.database.connection
}

output "secret_arns" {
  description = "Secrets by user: admin (managed by RDS, for set-up only), reader, writer."
  value = {
    admin  = module.database.connection.master_secret_arn
    reader = module.users.secret_arns["retail_reader"]
    writer = module.users.secret_arns["retail_writer"]
  }
}
