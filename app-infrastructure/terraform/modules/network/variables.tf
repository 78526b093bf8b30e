variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "cidr" {
  description = "The VPC's IPv4 network, /16 to /20."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrsubnet(var.cidr, 4, 5)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "cidr is an IPv4 network between /16 and /20, like 10.20.0.0/16."
  }
}

variable "nat" {
  description = "NAT gateways: none (interface endpoints instead), single, or per_az."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["none", "single", "per_az"], var.nat)
    error_message = "nat is none, single or per_az."
  }
}

variable "kms_key_arn" {
  description = "Key of the flow logs."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that flow logs are kept."
  type        = number
  default     = 90
  nullable    = false
}
