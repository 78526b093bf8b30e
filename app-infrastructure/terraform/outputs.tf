output "artifacts_bucket" {
  description = "Bucket of wheels, job scripts and certificates."
  value       = module.foundation.artifacts_bucket
}

output "source" {
  description = "How to reach the source database from inside the VPC; passwords are in the secrets."
  value = {
    endpoint    = module.source_database.connection.endpoint
    port        = module.source_database.connection.port
    database    = module.source_database.connection.name
    secret_arns = module.source_database.secret_arns
  }
}

output "storefront_url" {
  description = "Where the shop is."
  value       = module.web_tier.url
}

output "alerts_topic_arn" {
  description = "Topic of alarms and of nightly results."
  value       = module.foundation.alerts_topic_arn
}

output "deletion_protection" {
  description = "Whether data outlives `terraform destroy`."
  value       = var.deletion_protection
}
