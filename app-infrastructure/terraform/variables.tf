variable "project" {
  description = "Prefix of every name, of SSM parameters and of databases."
  type        = string
  default     = "retail"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.project))
    error_message = "project is 2 to 12 lower-case letters and digits, a letter first: bucket and database names are made of it."
  }
}

variable "profile" {
  description = "demo: small and cheap, one zone for what costs by the zone. production: redundant over three zones."
  type        = string
  default     = "demo"
  nullable    = false

  validation {
    condition     = contains(["demo", "production"], var.profile)
    error_message = "profile is demo or production."
  }
}

variable "alert_emails" {
  description = "Addresses that are told of alarms and of the nightly run; each confirms its subscription once."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "Each of alert_emails must be an e-mail address."
  }
}

variable "monthly_budget_usd" {
  description = "Monthly spending of the account at which alarms are raised (80 % actual, 100 % forecast)."
  type        = number
  default     = 350
  nullable    = false

  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "monthly_budget_usd must be positive."
  }
}

variable "network" {
  description = "The VPC's IPv4 network, and its NAT gateways: none, single or per_az (null: single for demo, per_az for production)."
  type = object({
    cidr = optional(string, "10.20.0.0/16")
    nat  = optional(string)
  })
  default  = {}
  nullable = false
}

variable "shop" {
  description = "Who may visit the shop and how: the ACM certificate of its name (null: plain HTTP), the IPv4 networks that are let in, and a number to raise when sessions and the API's token must be new."
  type = object({
    certificate_arn        = optional(string)
    ingress_cidrs          = optional(set(string), ["0.0.0.0/0"])
    session_secret_version = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.shop.session_secret_version >= 1 && floor(var.shop.session_secret_version) == var.shop.session_secret_version
    error_message = "shop.session_secret_version is a whole number from 1 on."
  }
}

variable "firewall" {
  description = "AWS WAF in front of the shop, and how many requests of one address are let through in five minutes, by it and by the shop itself."
  type = object({
    enabled             = optional(bool, true)
    requests_per_client = optional(number, 3000)
  })
  default  = {}
  nullable = false
}

variable "artifacts_dir" {
  description = "Folder that `make package` filled."
  type        = string
  default     = "../../build"
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether data outlives `terraform destroy`: false empties buckets, skips the final snapshot and drops secrets at once."
  type        = bool
  default     = true
  nullable    = false
}
