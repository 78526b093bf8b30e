variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "api" {
  description = "The API: its address, the names in its answers that differ from the storefront's, how it is asked for pages, the secret that opens it (null: it is open), and how many hours old a reading of everything may become (0: it is never read again)."
  type = object({
    url              = string
    fields           = optional(map(string), {})
    cursor_parameter = optional(string, "cursor")
    limit_parameter  = optional(string, "limit")
    page_size        = optional(number, 500)
    reread_hours     = optional(number, 24)
    auth = optional(object({
      secret_arn   = optional(string)
      secret_field = optional(string, "api_token")
      header       = optional(string, "authorization")
      scheme       = optional(string, "Bearer")
    }), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^https?://[^/]+", var.api.url))
    error_message = "api.url is an address such as https://shop.example.com/api/v1/transactions."
  }

  validation {
    condition     = var.api.page_size >= 1 && var.api.reread_hours >= 0
    error_message = "api.page_size is at least 1, api.reread_hours at least 0."
  }
}

variable "bronze_database" {
  description = "Catalog database of the pages' table."
  type        = string
  nullable    = false
}

variable "landing_bucket" {
  description = "Bucket that pages go to, under api/transactions/."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "lake_bucket" {
  description = "The lake's bucket, whose quarantine keeps what came in place of a page."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "artifacts_dir" {
  description = "Folder that `make package` filled."
  type        = string
  nullable    = false
}

variable "alerts_topic_arn" {
  description = "Topic that is told of a failed call."
  type        = string
  nullable    = false
}

variable "timeout_seconds" {
  description = "How long a call may take; it stops by itself before."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 60 && var.timeout_seconds <= 900
    error_message = "timeout_seconds is between 60 and 900."
  }
}

variable "kms_key_arn" {
  description = "Key of buckets, table, logs and the function's environment."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the cursor's table is protected from deletion."
  type        = bool
  nullable    = false
}
