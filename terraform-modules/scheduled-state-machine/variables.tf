variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The machine is called <project>-<name>."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The account that services must act for."
  type        = string
  nullable    = false
}

variable "definition" {
  description = "The machine in Amazon States Language, as JSON."
  type        = string
  nullable    = false
}

variable "policy_json" {
  description = "IAM policy of what the states do, beside telling the alerts topic, logs and traces."
  type        = string
  nullable    = false
}

variable "policy_names" {
  description = "Names of the inline policies: of the machine's role, and of the role that starts it."
  type        = object({ machine = optional(string, "run"), scheduler = optional(string, "start") })
  default     = {}
  nullable    = false
}

variable "schedule" {
  description = "When it starts: a Scheduler expression and an IANA time zone, which follows daylight saving."
  type = object({
    expression = string
    time_zone  = optional(string, "UTC")
    enabled    = optional(bool, true)
  })
  nullable = false

  validation {
    condition     = can(regex("^(cron|rate|at)\\(.+\\)$", var.schedule.expression))
    error_message = "schedule.expression is cron(…), rate(…) or at(…)."
  }

  validation {
    condition     = can(regex("^(UTC|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+)$", var.schedule.time_zone))
    error_message = "schedule.time_zone is an IANA name, like Europe/Berlin."
  }
}

variable "alerts_topic_arn" {
  description = "Topic that hears of results and failures."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the topic, of logs, and of what the states read."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that the machine's log is kept."
  type        = number
  default     = 90
  nullable    = false
}
