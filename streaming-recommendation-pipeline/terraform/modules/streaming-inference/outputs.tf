output "stream_name" {
  description = "Kinesis stream of browse events."
  value       = aws_kinesis_stream.events.name
}

output "inference" {
  description = "The recommendation API: its function's name, and its URL."
  value = {
    function_name = module.function["inference"].name
    url           = aws_lambda_function_url.inference.function_url
  }

  # Whoever reads it calls at once.
  depends_on = [module.clients]
}

output "deliveries" {
  description = "Firehose streams by what they deliver."
  value       = { for name, stream in aws_kinesis_firehose_delivery_stream.this : name => stream.name }
}
