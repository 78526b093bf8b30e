variable "project" {
  description = "Prefix of every name, of SSM parameters and of databases; the same as in app-infrastructure."
  type        = string
  default     = "retail"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.project))
    error_message = "project is 2 to 12 lower-case letters and digits, a letter first: bucket and database names are made of it."
  }
}

variable "profile" {
  description = "demo: two workers. production: ten."
  type        = string
  default     = "demo"
  nullable    = false

  validation {
    condition     = contains(["demo", "production"], var.profile)
    error_message = "profile is demo or production."
  }
}

variable "schedule" {
  description = "When the nightly run begins: a Scheduler expression and an IANA time zone, which follows daylight saving."
  type = object({
    expression = optional(string, "cron(0 2 * * ? *)")
    time_zone  = optional(string, "UTC")
    enabled    = optional(bool, true)
  })
  default  = {}
  nullable = false
}

variable "athena_scan_limit_gib" {
  description = "GiB that one Athena query may scan before it is cancelled (5 $ for 1,024 GiB)."
  type        = number
  default     = 10
  nullable    = false
}

variable "artifacts_dir" {
  description = "Folder that `make package` filled."
  type        = string
  default     = "../../build"
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the lake outlives `terraform destroy`: false empties buckets and drops the lock table."
  type        = bool
  default     = true
  nullable    = false
}
