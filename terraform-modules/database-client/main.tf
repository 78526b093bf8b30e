# The security group of functions that call a database and AWS, with the rules on both sides. The rule on the
# database's side stands here, with the clients that need it, and goes with them.
locals {
  tag = "${var.name}-${lower(var.database.protocol)}"
}

resource "aws_security_group" "this" {
  name        = var.name
  description = var.descriptions.group
  vpc_id      = var.vpc_id

  tags = { Name = var.name }
}

resource "aws_vpc_security_group_egress_rule" "database" {
  security_group_id            = aws_security_group.this.id
  description                  = var.database.protocol
  referenced_security_group_id = var.database.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.database.port
  to_port                      = var.database.port

  tags = { Name = local.tag }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = var.database.security_group_id
  description                  = var.descriptions.clients
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = var.database.port
  to_port                      = var.database.port

  tags = { Name = var.name }
}

resource "aws_vpc_security_group_egress_rule" "aws" {
  security_group_id = aws_security_group.this.id
  description       = var.descriptions.aws
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = { Name = "${var.name}-https" }
}
