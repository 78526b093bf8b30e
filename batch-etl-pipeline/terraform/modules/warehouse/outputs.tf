output "connection" {
  description = "Where the warehouse is: endpoint, port, its name inside the instance, and the security group to which a client adds an ingress rule from its own."
  value       = module.database.connection
}

output "secret_arns" {
  description = "Secrets by user: loader, reader."
  value = {
    loader = module.users.secret_arns["warehouse_loader"]
    reader = module.users.secret_arns["warehouse_reader"]
  }
}
