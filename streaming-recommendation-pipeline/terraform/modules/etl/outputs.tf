output "job_names" {
  description = "The jobs, in the order in which they run."
  value       = [module.ml_etl_job.name, module.train_job.name]
}

output "state_machine_arn" {
  description = "The state machine of a retraining."
  value       = module.machine.arn
}
