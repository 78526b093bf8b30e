variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "network" {
  description = "The VPC, its public subnets for the load balancer, its private ones for the instances."
  type = object({
    vpc_id             = string
    public_subnet_ids  = list(string)
    private_subnet_ids = list(string)
  })
  nullable = false

  validation {
    condition     = length(var.network.public_subnet_ids) >= 2 && length(var.network.private_subnet_ids) >= 2
    error_message = "A load balancer needs subnets in two zones at least, and so does a shop that must survive the loss of one."
  }
}

variable "database" {
  description = "The source database: where it is, who may be asked in, and the secret of the user who writes."
  type = object({
    endpoint          = string
    port              = number
    name              = string
    security_group_id = string
    writer_secret_arn = string
  })
  nullable = false
}

variable "artifacts" {
  description = "Folder that `make package` filled, the bucket that instances install from, and the key in both of the certificates that the database is checked against."
  type = object({
    dir    = string
    bucket = string
    ca_key = string
  })
  nullable = false
}

variable "capacity" {
  description = "Instances: their type, how few and how many, the server processes on each (one a processor), and the load that scaling aims at: requests a minute for each instance, and CPU in percent."
  type = object({
    instance_type       = optional(string, "t3.small")
    min                 = optional(number, 2)
    max                 = optional(number, 4)
    processes           = optional(number, 2)
    requests_per_minute = optional(number, 3000)
    cpu_percent         = optional(number, 60)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.capacity.min >= 1 && var.capacity.max >= var.capacity.min
    error_message = "capacity.min is 1 at least, capacity.max no smaller."
  }

  validation {
    condition     = var.capacity.cpu_percent > 0 && var.capacity.cpu_percent < 100 && var.capacity.requests_per_minute > 0
    error_message = "capacity.cpu_percent is between 0 and 100, capacity.requests_per_minute positive."
  }
}

variable "ingress_cidrs" {
  description = "IPv4 networks from which the shop may be visited."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.ingress_cidrs : can(cidrhost(cidr, 0))])
    error_message = "Each of ingress_cidrs is an IPv4 network, like 203.0.113.0/24."
  }
}

variable "certificate_arn" {
  description = "ACM certificate of the shop's name: HTTPS is served, and HTTP redirects to it. Null serves plain HTTP."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[a-z-]+:(acm|iam):", var.certificate_arn))
    error_message = "certificate_arn is the ARN of a certificate in ACM or IAM."
  }
}

variable "firewall" {
  description = "AWS WAF in front of the load balancer, and how many requests of one address it, and each server process of the shop, lets through in five minutes."
  type = object({
    enabled             = optional(bool, true)
    requests_per_client = optional(number, 3000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.firewall.requests_per_client >= 10
    error_message = "WAF counts from 10 requests."
  }
}

variable "session_secret" {
  description = "What the root generated to sign sessions and to admit API clients. Ephemeral: in no plan and no state."
  type        = object({ session_key = string, api_token = string })
  ephemeral   = true
  nullable    = false

  validation {
    condition     = length(var.session_secret.session_key) >= 32 && length(var.session_secret.api_token) >= 32
    error_message = "Both values have 32 characters at least."
  }
}

variable "session_secret_version" {
  description = "Raise it to write new values: sessions end, and API clients read the new token."
  type        = number
  default     = 1
  nullable    = false
}

variable "alerts_topic_arn" {
  description = "Topic of alarms."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of volumes, logs, queues and the secret."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that logs, the load balancer's among them, are kept."
  type        = number
  default     = 90
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the load balancer refuses to be deleted, access logs are kept, and the secret stays recoverable for a week."
  type        = bool
  nullable    = false
}
