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

variable "landing_bucket" {
  description = "Bucket that raw files land in; it tells EventBridge of them."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "lake_bucket" {
  description = "Bucket of the table's files and of the quarantine."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "database" {
  description = "Catalog database of the table transactions."
  type        = string
  nullable    = false
}

variable "catalogue_url" {
  description = "The list of products that are sold, paged as the storefront's /api/v1/products."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https?://[^/]+/", var.catalogue_url))
    error_message = "catalogue_url is an address such as https://shop.example.com/api/v1/products."
  }
}

variable "code" {
  description = "Folder that `make package` filled, and the layer of what the functions import."
  type        = object({ dir = string, layer_arn = string })
  nullable    = false
}

variable "lock_table" {
  description = "DynamoDB table of locks; two compactions at once would undo each other."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "generator" {
  description = "Whether transactions are made, from which seed, how many in five minutes of an average hour, and how many customers buy."
  type = object({
    enabled      = optional(bool, true)
    seed         = optional(number, 7)
    transactions = optional(number, 40)
    customers    = optional(number, 500)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for number in [var.generator.seed, var.generator.transactions, var.generator.customers] : number >= 1 && floor(number) == number])
    error_message = "seed, transactions and customers are whole numbers from 1 on."
  }
}

variable "keep_days" {
  description = "Days that a transaction can be looked up in DynamoDB, and is known when it comes again."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.keep_days >= 1 && floor(var.keep_days) == var.keep_days
    error_message = "keep_days is a whole number from 1 on."
  }
}

variable "crawler" {
  description = "Whether the crawler runs at two every night, UTC."
  type        = object({ enabled = optional(bool, true) })
  default     = {}
  nullable    = false
}

variable "compaction" {
  description = "When small files are made one (a Scheduler expression, UTC), and how long readers have for the old ones."
  type = object({
    enabled       = optional(bool, true)
    expression    = optional(string, "cron(0 3 * * ? *)")
    grace_minutes = optional(number, 35)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.compaction.grace_minutes >= 30
    error_message = "grace_minutes is at least 30: a query of Athena may run so long."
  }
}

variable "alerts_topic_arn" {
  description = "Topic of alarms."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of buckets, tables, logs and environments."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the table of the latest transactions outlives `terraform destroy`."
  type        = bool
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that log events are kept."
  type        = number
  default     = 90
  nullable    = false
}
