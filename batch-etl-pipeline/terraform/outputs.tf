output "buckets" {
  description = "Bucket names by role: landing, lake, athena-results."
  value       = { for role, bucket in module.data_lake.buckets : role => bucket.name }
}

output "databases" {
  description = "Catalog databases by layer."
  value       = module.query_layer.databases
}

output "workgroup" {
  description = "Athena workgroup of analysts and dashboards."
  value       = module.query_layer.workgroup
}

output "glue_job" {
  description = "The ETL job: its name, and the prefix of its log groups."
  value       = { name = module.retail_etl_job.name, log_prefix = module.retail_etl_job.log_prefix }
}

output "state_machine_arn" {
  description = "The nightly state machine."
  value       = module.schedule.state_machine_arn
}

output "deletion_protection" {
  description = "Whether the lake outlives `terraform destroy`."
  value       = var.deletion_protection
}
