variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "lake_bucket" {
  description = "Bucket under which the databases' tables lie."
  type        = string
  nullable    = false
}

variable "results_bucket" {
  description = "Bucket of query results."
  type        = string
  nullable    = false
}

variable "queries_dir" {
  description = "Folder of the named queries, one .sql file each."
  type        = string
  nullable    = false
}

variable "scan_limit_gib" {
  description = "GiB that one query may scan before Athena cancels it."
  type        = number
  nullable    = false

  validation {
    condition     = var.scan_limit_gib >= 1 && floor(var.scan_limit_gib) == var.scan_limit_gib
    error_message = "scan_limit_gib is a whole number of GiB, at least 1."
  }
}

variable "kms_key_arn" {
  description = "Key of query results."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the workgroup's history outlives `terraform destroy`."
  type        = bool
  nullable    = false
}
