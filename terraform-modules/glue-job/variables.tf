variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The job is called <project>-<name>."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the job does, in one sentence."
  type        = string
  nullable    = false
}

variable "artifacts" {
  description = "Folder that `make package` filled, the bucket it goes to, the job's script in jobs/, and the package whose wheels it takes; compiled ones, which Glue must install at each start, only if asked for."
  type = object({
    dir      = string
    bucket   = string
    script   = string
    package  = string
    compiled = optional(bool, false)
  })
  nullable = false
}

variable "arguments" {
  description = "The job's own default arguments, --name to value."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.arguments) : startswith(name, "--")])
    error_message = "Each argument's name starts with --."
  }
}

variable "capacity" {
  description = "Workers of the job; the smallest that Glue bills is two G.1X."
  type = object({
    worker_type     = optional(string, "G.1X")
    workers         = optional(number, 2)
    timeout_minutes = optional(number, 60)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.capacity.workers >= 2
    error_message = "A Spark job needs at least two workers."
  }
}

variable "metric_namespaces" {
  description = "CloudWatch namespaces that the job's own metrics go to."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "lake" {
  description = "The lake's bucket, the databases that the job reads, the key prefixes and tables (database/table, * allowed) that it writes, and the publish lock if it publishes."
  type = object({
    bucket    = object({ name = string, arn = string })
    databases = list(string)
    writes = object({
      prefixes = list(string)
      tables   = optional(list(string), [])
    })
    publish_lock_table_arn = optional(string)
  })
  nullable = false

  validation {
    condition     = alltrue([for table in var.lake.writes.tables : length(split("/", table)) == 2])
    error_message = "A table that is written is named database/table."
  }
}

variable "source_database" {
  description = "Security group and port of the source database, and the secret of the user that the job reads with; null for a job that reads the lake alone."
  type = object({
    security_group_id = string
    port              = number
    secret_arn        = string
  })
  default = null

  validation {
    condition     = var.source_database == null || var.network != null
    error_message = "A job that reads the source database needs a network: the database is private."
  }
}

variable "target_database" {
  description = "Security group and port of the database that the job loads, and the secret of the user that it loads with; null for a job that writes the lake alone."
  type = object({
    security_group_id = string
    port              = number
    secret_arn        = string
  })
  default = null

  validation {
    condition     = var.target_database == null || var.network != null
    error_message = "A job that loads a database needs a network: the database is private."
  }
}

variable "network" {
  description = "The VPC, and the private subnet that workers start in; null runs outside any VPC, which the lake alone allows."
  type = object({
    vpc_id    = string
    subnet_id = string
  })
  default = null
}

variable "kms_key_arn" {
  description = "Key of data, logs and bookmarks."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that the job's output is kept."
  type        = number
  default     = 90
  nullable    = false
}
