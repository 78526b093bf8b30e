output "databases" {
  description = "Names of the catalog's databases by layer."
  value       = { for layer, database in aws_glue_catalog_database.this : layer => database.name }
}

output "workgroup" {
  description = "Athena workgroup of analysts and dashboards."
  value       = aws_athena_workgroup.analytics.name
}

output "named_queries" {
  description = "Named query ids by file name."
  value       = { for file, query in aws_athena_named_query.this : file => query.id }
}
