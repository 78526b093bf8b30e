# Clicks and API transactions from bronze to the warehouse, every hour, for those without Airflow.
#
# A Glue workflow starts jobs and crawlers, no function: retail-api-fetch is called at the full hour, and a quarter of an
# hour later the workflow takes what is in bronze. What arrives later is the next run's.
variable "hourly" {
  description = "When the Glue workflow <project>-hourly begins, a cron expression in UTC; off, with the fetch before it, where Airflow runs the same jobs."
  type = object({
    expression = optional(string, "cron(15 * * * ? *)")
    enabled    = optional(bool, true)
  })
  default  = {}
  nullable = false
}

module "workflow" {
  source = "./modules/workflow"

  project          = var.project
  name             = "hourly"
  description      = "Bronze to silver to gold to warehouse."
  schedule         = var.hourly
  fetch            = { function_arn = module.api_fetch.function.arn }
  alerts_topic_arn = local.fact["alerts/topic_arn"]
  kms_key_arn      = local.kms_key_arn

  jobs = [
    module.bronze_to_silver_job.name,
    module.silver_to_gold_job.name,
    module.warehouse_load_job.name,
  ]
}

output "workflow" {
  description = "The Glue workflow that runs the hour: `aws glue start-workflow-run --name` starts it by hand."
  value       = module.workflow.name
}
