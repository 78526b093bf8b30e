variable "project" {
  description = "First part of the bucket's name."
  type        = string
  nullable    = false
}

variable "role" {
  description = "What the bucket is for (artifacts, lake, landing, …): <project>-<role>-<account>-<region> is its name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z-]{1,22}[a-z]$", var.role))
    error_message = "role is lower-case letters and hyphens, 3 to 24 characters."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts every object."
  type        = string
  nullable    = false
}

variable "noncurrent_days" {
  description = "Days that a replaced or deleted version can still be brought back."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "noncurrent_days must be at least 1."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` may delete the objects, all versions of them."
  type        = bool
  default     = false
  nullable    = false
}
