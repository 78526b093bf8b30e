variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "database" {
  description = "Name of the database inside the instance."
  type        = string
  default     = "classicmodels"
  nullable    = false
}

variable "network" {
  description = "The VPC and its private subnets."
  type = object({
    vpc_id     = string
    subnet_ids = list(string)
  })
  nullable = false

  validation {
    condition     = length(var.network.subnet_ids) >= 2
    error_message = "RDS needs subnets in at least two zones."
  }
}

variable "capacity" {
  description = "Size of the instance; Performance Insights needs a class beyond t4g.small."
  type = object({
    instance_class = optional(string, "db.t4g.micro")
    storage_gib    = optional(number, 20)
    multi_az       = optional(bool, false)
    backup_days    = optional(number, 1)
    insights       = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.capacity.storage_gib >= 20
    error_message = "gp3 storage starts at 20 GiB."
  }
}

variable "kms_key_arn" {
  description = "Key of storage, logs and secrets."
  type        = string
  nullable    = false
}

variable "artifacts_dir" {
  description = "Folder that `make package` filled."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the database refuses to be deleted and leaves a final snapshot, and secrets stay recoverable for a week."
  type        = bool
  nullable    = false
}
