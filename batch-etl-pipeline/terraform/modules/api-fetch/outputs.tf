output "function" {
  description = "Name and ARN of the function."
  value       = { name = module.function.name, arn = module.function.arn }
}

output "cursor_table" {
  description = "Name and ARN of the cursor's table."
  value       = { name = aws_dynamodb_table.cursor.name, arn = aws_dynamodb_table.cursor.arn }
}

output "pages" {
  description = "Where the pages are: the bucket, and the prefix of their keys."
  value       = { bucket = var.landing_bucket, prefix = "${local.folder}/" }
}
