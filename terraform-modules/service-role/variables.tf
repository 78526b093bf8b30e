variable "name" {
  description = "Name of the role."
  type        = string
  nullable    = false
}

variable "description" {
  description = "Whose role it is and what for, in one sentence."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The account that the service must act for."
  type        = string
  nullable    = false
}

variable "trusted" {
  description = "The service that takes the role, and the resource for which it does; compose its ARN where it needs the role first."
  type        = object({ service = string, source_arn = string })
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.amazonaws\\.com$", var.trusted.service))
    error_message = "trusted.service is a service's principal, like states.amazonaws.com."
  }
}

variable "policy" {
  description = "What the role may do: the inline policy's name and its JSON."
  type        = object({ name = string, json = string })
  nullable    = false
}
