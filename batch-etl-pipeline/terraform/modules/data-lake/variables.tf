variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the buckets and the lock table."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the lake outlives `terraform destroy`."
  type        = bool
  nullable    = false
}
