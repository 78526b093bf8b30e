output "buckets" {
  description = "Names and ARNs by role: landing, lake, athena-results."
  value       = { for role, bucket in module.bucket : role => { name = bucket.name, arn = bucket.arn } }
}

output "publish_lock_table" {
  description = "Name and ARN of the publish lock's table."
  value       = { name = aws_dynamodb_table.publish_lock.name, arn = aws_dynamodb_table.publish_lock.arn }
}
