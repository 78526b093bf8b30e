variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "buckets" {
  description = "The landing bucket, whose store-files/ is watched (its EventBridge notifications are on), and the lake's."
  type = object({
    landing = object({ name = string, arn = string })
    lake    = object({ name = string, arn = string })
  })
  nullable = false
}

variable "databases" {
  description = "The catalog's databases: silver takes the tables, bronze the table of what was quarantined."
  type        = object({ bronze = string, silver = string })
  nullable    = false
}

variable "athena" {
  description = "The workgroup that counts what was loaded, and the bucket of its answers."
  type = object({
    workgroup = string
    results   = object({ name = string, arn = string })
  })
  nullable = false
}

variable "lock_table" {
  description = "Table of locks: one run at a time writes."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "code" {
  description = "Folder that `make package` filled, the bucket for the job's artifacts, and the functions' layer."
  type        = object({ dir = string, bucket = string, layer_arn = string })
  nullable    = false
}

variable "batch" {
  description = "How long arrivals are gathered before a run, in seconds, and how many files a run gets at most."
  type        = object({ window_seconds = optional(number, 20), files = optional(number, 1000) })
  default     = {}
  nullable    = false

  validation {
    condition     = var.batch.window_seconds >= 1 && var.batch.window_seconds <= 300 && var.batch.files >= 1 && var.batch.files <= 10000
    error_message = "Lambda gathers 1 to 10000 messages for 1 to 300 seconds."
  }
}

variable "capacity" {
  description = "Workers of the job, and how long one run may take."
  type = object({
    worker_type     = optional(string, "G.1X")
    workers         = optional(number, 2)
    timeout_minutes = optional(number, 120)
  })
  default  = {}
  nullable = false
}

variable "alerts_topic_arn" {
  description = "Topic that hears of results and failures."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of queues, ledger, logs and data."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the ledger outlives `terraform destroy`."
  type        = bool
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that the machine's log is kept."
  type        = number
  default     = 90
  nullable    = false
}
