output "functions" {
  description = "Names of the functions: generator, transformer, compactor."
  value       = { for key, function in module.function : key => function.name }
}

output "latest_table" {
  description = "DynamoDB table of the latest transactions and the totals of each day."
  value       = aws_dynamodb_table.latest.name
}

output "crawler" {
  description = "The crawler that enters days which nobody has."
  value       = aws_glue_crawler.transactions.name
}

output "failed_queue_url" {
  description = "Queue of the events that could not be taken in."
  value       = aws_sqs_queue.failed.url
}
