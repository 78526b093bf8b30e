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
  description = "The VPC, and the private subnets that the functions run in."
  type = object({
    vpc_id     = string
    subnet_ids = list(string)
  })
  nullable = false
}

variable "lake_bucket" {
  description = "Bucket of models, deliveries, their errors, and what was given up."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "database" {
  description = "The vector database: where it is, who may be asked in, the secrets of the users who read and who write, and the connections that it admits."
  type = object({
    endpoint          = string
    port              = number
    name              = string
    security_group_id = string
    secret_arns       = object({ reader = string, writer = string })
    max_connections   = number
  })
  nullable = false
}

variable "concurrency" {
  description = "How many of each function may run at once, each with one connection; -1 reserves none."
  type = object({
    inference = number
    transform = number
    updater   = number
  })
  nullable = false

  validation {
    condition     = alltrue([for count in values(var.concurrency) : count == -1 || count >= 1])
    error_message = "Each function's concurrency is at least 1, or -1 for none reserved."
  }

  validation {
    condition     = sum([for count in values(var.concurrency) : max(count, 0)]) + 12 <= var.database.max_connections
    error_message = "The functions' concurrency and 12 connections for rotation, loading and people exceed what the database admits."
  }
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
  description = "Key of stream, deliveries, logs and environments."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that log events are kept."
  type        = number
  default     = 90
  nullable    = false
}
