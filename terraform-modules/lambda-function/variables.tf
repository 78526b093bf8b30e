variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The function is called <project>-<name>."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the function does, in one sentence."
  type        = string
  nullable    = false
}

variable "code" {
  description = "The zip that `make package` built, its handler, and the layers it needs."
  type = object({
    zip        = string
    handler    = string
    layer_arns = optional(list(string), [])
  })
  nullable = false
}

variable "environment" {
  description = "The function's environment; never secrets, only where to find them."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "network" {
  description = "Private subnets and security groups to run in; null runs outside any VPC."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "limits" {
  description = "Memory in MB, time-out in seconds, and how many may run at once: reserved for this function, null for whatever the account has left."
  type = object({
    memory_mb       = optional(number, 256)
    timeout_seconds = optional(number, 60)
    concurrency     = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.limits.timeout_seconds >= 1 && var.limits.timeout_seconds <= 900
    error_message = "Lambda runs between 1 and 900 seconds."
  }
}

variable "policy_json" {
  description = "IAM policy of what the function itself does, beside logs and network."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key for logs and environment."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that log events are kept."
  type        = number
  default     = 90
  nullable    = false
}
