variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The users' secrets are called <project>/<name>/<user>."
  type        = string
  nullable    = false
}

variable "title" {
  description = "What descriptions call the database, like \"source database\"."
  type        = string
  nullable    = false
}

variable "function_name" {
  description = "The rotation function is called <project>-<function_name>."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The account that services must act for."
  type        = string
  nullable    = false
}

variable "users" {
  description = "The users by name, and what each is for."
  type        = map(string)
  nullable    = false
}

variable "database" {
  description = "Where the database is, and the secret of its master, who makes the users."
  type        = object({ endpoint = string, port = number, name = string, master_secret_arn = string })
  nullable    = false
}

variable "code" {
  description = "The rotation function: the zip that `make package` built, its handler, and the layers it needs."
  type        = object({ zip = string, handler = string, layer_arns = list(string) })
  nullable    = false
}

variable "network" {
  description = "Private subnets and security groups in which the function reaches database and Secrets Manager."
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of secrets, logs and the function's environment."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether deleted secrets stay recoverable for a week."
  type        = bool
  nullable    = false
}
