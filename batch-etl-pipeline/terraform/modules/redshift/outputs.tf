output "workgroup" {
  description = "The workgroup that the Data API is asked for, once its schemas stand."
  value       = { name = aws_redshiftserverless_workgroup.this.workgroup_name, arn = aws_redshiftserverless_workgroup.this.arn }

  depends_on = [aws_redshiftdata_statement.usage]
}

output "database" {
  description = "The database with the external schemas."
  value       = aws_redshiftserverless_namespace.this.db_name
}
