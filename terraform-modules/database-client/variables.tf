variable "name" {
  description = "Name of the security group."
  type        = string
  nullable    = false
}

variable "descriptions" {
  description = "What is said of the group, of its clients where the database admits them, and of the way to AWS."
  type = object({
    group   = string
    clients = string
    aws     = optional(string, "HTTPS to AWS, by gateway endpoint, NAT or interface endpoint")
  })
  nullable = false
}

variable "vpc_id" {
  description = "The VPC of clients and database."
  type        = string
  nullable    = false
}

variable "database" {
  description = "The database's security group and port, and what is spoken there, like PostgreSQL."
  type        = object({ security_group_id = string, port = number, protocol = string })
  nullable    = false
}
