variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "job" {
  description = "The Glue job that each stage runs."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "schedule" {
  description = "When the night begins: a Scheduler expression and its time zone, which follows daylight saving."
  type = object({
    expression = optional(string, "cron(0 2 * * ? *)")
    time_zone  = optional(string, "UTC")
    enabled    = optional(bool, true)
  })
  default  = {}
  nullable = false
}

variable "stage_timeout_minutes" {
  description = "Minutes that one stage may take before the night is given up."
  type        = number
  default     = 60
  nullable    = false
}

variable "reports" {
  description = "Where a run leaves its report: s3://<bucket>/<prefix><run id>/report.json."
  type        = object({ bucket = string, prefix = optional(string, "runs/") })
  nullable    = false
}

variable "alerts_topic_arn" {
  description = "Topic that hears of results and failures."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of topic, lake and logs."
  type        = string
  nullable    = false
}
