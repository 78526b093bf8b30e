variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The account that services must act for."
  type        = string
  nullable    = false
}

variable "network" {
  description = "The VPC, its private subnets, and the prefix list of S3 in this region."
  type = object({
    vpc_id            = string
    subnet_ids        = list(string)
    s3_prefix_list_id = string
  })
  nullable = false
}

variable "capacity" {
  description = "Size of the instance (what is left out is the smallest, as terraform-modules/private-database has it), its connections, and the memory that an index build may take."
  type = object({
    instance_class   = optional(string)
    storage_gib      = optional(number)
    multi_az         = optional(bool)
    backup_days      = optional(number)
    insights         = optional(bool)
    max_connections  = optional(number, 60)
    index_memory_mib = optional(number, 128)
    # One load at a time is enough; null reserves none.
    loader_concurrency = optional(number)
  })
  default  = {}
  nullable = false
}

variable "lake_bucket" {
  description = "Bucket whose embeddings/ the database imports."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "code" {
  description = "Folder that `make package` filled, and the layer of what the functions import."
  type        = object({ dir = string, layer_arn = string })
  nullable    = false
}

variable "alerts_topic_arn" {
  description = "Topic of alarms."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of storage, logs and secrets."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the database refuses to be deleted and leaves a final snapshot, and secrets stay recoverable for a week."
  type        = bool
  nullable    = false
}
