output "connection" {
  description = "Where the database is: endpoint, port, its name inside the instance, and the security group to which a client adds an ingress rule from its own."
  value       = module.database.connection
}

output "max_connections" {
  description = "Connections that the server admits."
  value       = var.capacity.max_connections
}

output "secret_arns" {
  description = "Secrets by user: admin (managed by RDS, for set-up only), inference, loader, updater."
  value = {
    admin     = module.database.connection.master_secret_arn
    inference = module.users.secret_arns["retail_inference"]
    loader    = module.users.secret_arns["retail_loader"]
    updater   = module.users.secret_arns["retail_profile_updater"]
  }
}
