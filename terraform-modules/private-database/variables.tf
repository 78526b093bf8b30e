variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The instance is called <project>-<name>."
  type        = string
  nullable    = false
}

variable "title" {
  description = "What descriptions call the database, like \"source database\"."
  type        = string
  nullable    = false
}

variable "traffic" {
  description = "Whom the database admits and whom it calls, for its security group's description."
  type        = string
  default     = "admits named client groups on its port"
  nullable    = false
}

variable "database" {
  description = "Name of the database inside the instance."
  type        = string
  nullable    = false
}

variable "engine" {
  description = "RDS's name of the engine, the version that its parameter group's family ends with, and the logs that it exports."
  type        = object({ name = string, version = string, logs = set(string) })
  nullable    = false
}

variable "parameters" {
  description = "What the parameter group is for, the parameters that RDS calls dynamic, and the static ones, which wait for a reboot."
  type = object({
    description = string
    dynamic     = map(string)
    static      = optional(map(string), {})
  })
  nullable = false
}

variable "network" {
  description = "The VPC and its private subnets."
  type        = object({ vpc_id = string, subnet_ids = list(string) })
  nullable    = false

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
  description = "Key of storage, logs and the master's secret."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the database refuses to be deleted and leaves a final snapshot."
  type        = bool
  nullable    = false
}
