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
  description = "demo: the smallest database, two workers. production: two zones, ten workers, more functions at once."
  type        = string
  default     = "demo"
  nullable    = false

  validation {
    condition     = contains(["demo", "production"], var.profile)
    error_message = "profile is demo or production."
  }
}

variable "retraining" {
  description = "When the model is trained again: a Scheduler expression and an IANA time zone. The default follows the nightly run."
  type = object({
    expression = optional(string, "cron(0 4 * * ? *)")
    time_zone  = optional(string, "UTC")
    enabled    = optional(bool, true)
  })
  default  = {}
  nullable = false
}

variable "concurrency" {
  description = "How many of each function may run at once, each with one database connection; null takes the profile's. -1 reserves none, for accounts whose limit is too low to reserve from."
  type = object({
    inference = number
    transform = number
    updater   = number
  })
  default = null
}

variable "artifacts_dir" {
  description = "Folder that `make package` filled."
  type        = string
  default     = "../../build"
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the vector database outlives `terraform destroy`: false skips the final snapshot and drops secrets at once."
  type        = bool
  default     = true
  nullable    = false
}
