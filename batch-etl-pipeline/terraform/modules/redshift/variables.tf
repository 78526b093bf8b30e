variable "project" {
  description = "Prefix of every name, and the name of the database."
  type        = string
  nullable    = false
}

variable "lake" {
  description = "What the warehouse reads: the lake's bucket, the prefixes of its tables, and their catalog databases, each of which becomes an external schema of the same name."
  type = object({
    bucket    = object({ name = string, arn = string })
    prefixes  = list(string)
    databases = list(string)
  })
  nullable = false
}

variable "network" {
  description = "Where the workgroup stands: subnets in three zones at least, and the security groups whose members may connect to port 5439 (the Data API needs none)."
  type = object({
    vpc_id                    = string
    subnet_ids                = list(string)
    client_security_group_ids = optional(set(string), [])
  })
  nullable = false
}

variable "capacity" {
  description = "What bounds the bill: RPUs of a workgroup that works (0.36 $ an hour each, nothing while it rests), the most it may grow to, and the RPU-hours of a month after which it stops answering."
  type = object({
    base              = optional(number, 8)
    max               = optional(number, 16)
    rpu_hours_a_month = optional(number, 60)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.capacity.base == 4 || (var.capacity.base >= 8 && var.capacity.base % 8 == 0)
    error_message = "capacity.base is 4 or a multiple of 8 RPUs."
  }

  validation {
    condition     = var.capacity.max >= var.capacity.base && var.capacity.max % 4 == 0
    error_message = "capacity.max is at least capacity.base."
  }

  validation {
    condition     = var.capacity.rpu_hours_a_month >= 1
    error_message = "capacity.rpu_hours_a_month is at least 1."
  }
}

variable "kms_key_arn" {
  description = "Key of the namespace, of its admin's secret, of its logs, and of the lake."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that the audit logs are kept."
  type        = number
  default     = 90
  nullable    = false
}
