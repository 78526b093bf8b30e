variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The workflow is called <project>-<name>."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What a run does, in one sentence."
  type        = string
  nullable    = false
}

variable "jobs" {
  description = "Names of the Glue jobs in their order: each starts when the one before it has succeeded."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.jobs) > 0 && length(var.jobs) == length(toset(var.jobs))
    error_message = "A workflow has at least one job, and each job once."
  }
}

variable "fetch" {
  description = "The function that brings what the first job reads, and when: a Scheduler expression in UTC, well before the schedule."
  type = object({
    function_arn = string
    expression   = optional(string, "cron(0 * * * ? *)")
  })
  nullable = false
}

variable "schedule" {
  description = "When a run begins: a cron expression, which Glue reads in UTC; and whether it and the fetch before it count."
  type = object({
    expression = optional(string, "cron(15 * * * ? *)")
    enabled    = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^cron\\([^ ]+( [^ ]+){5}\\)$", var.schedule.expression))
    error_message = "schedule.expression is cron(minutes hours day month weekday year): Glue's triggers take no rate."
  }
}

variable "alerts_topic_arn" {
  description = "Topic that hears of jobs that failed."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the topic."
  type        = string
  nullable    = false
}
