output "glue_jobs" {
  description = "The jobs, in the order in which they run."
  value       = module.etl.job_names
}

output "retraining_state_machine_arn" {
  description = "The state machine that runs both jobs on schedule."
  value       = module.etl.state_machine_arn
}

output "vector_db" {
  description = "How to reach the vector database from inside the VPC; passwords are in the secrets."
  value = {
    endpoint    = module.vector_db.connection.endpoint
    port        = module.vector_db.connection.port
    database    = module.vector_db.connection.name
    secret_arns = module.vector_db.secret_arns
  }
}

output "events_stream" {
  description = "Kinesis stream of browse events."
  value       = module.streaming_inference.stream_name
}

output "inference" {
  description = "The recommendation API: its function, and its URL, which takes signed requests alone."
  value       = module.streaming_inference.inference
}

output "deletion_protection" {
  description = "Whether the vector database outlives `terraform destroy`."
  value       = var.deletion_protection
}
