output "state_machine_arn" {
  description = "The state machine that loads store files; its input is {\"files\": [{\"key\": …, \"version\": …}]}."
  value       = aws_sfn_state_machine.this.arn
}

output "ledger_table" {
  description = "DynamoDB table of the files that arrived and what became of them."
  value       = aws_dynamodb_table.ledger.name
}

output "queue_url" {
  description = "The queue of arrivals."
  value       = aws_sqs_queue.arrivals.url
}
