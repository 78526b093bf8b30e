variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "alert_emails" {
  description = "Addresses that are told of alarms; each confirms its subscription once."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "monthly_budget_usd" {
  description = "Spending per month that raises an alarm at 80 % (actual) and 100 % (forecast)."
  type        = number
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether `terraform destroy` is kept from deleting artifacts."
  type        = bool
  nullable    = false
}
