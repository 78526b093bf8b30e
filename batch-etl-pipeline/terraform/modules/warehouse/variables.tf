variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "network" {
  description = "The VPC and its private subnets."
  type        = object({ vpc_id = string, subnet_ids = list(string) })
  nullable    = false
}

variable "ways_in" {
  description = "Security groups of the instances that people's sessions go through, by what the instances are."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "capacity" {
  description = "Size of the instance; what is left out is the smallest, as terraform-modules/private-database has it."
  type = object({
    instance_class = optional(string)
    storage_gib    = optional(number)
    multi_az       = optional(bool)
    backup_days    = optional(number)
    insights       = optional(bool)
  })
  default  = {}
  nullable = false
}

variable "code" {
  description = "Folder that `make package` filled, and the layer of what the rotation function imports."
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
