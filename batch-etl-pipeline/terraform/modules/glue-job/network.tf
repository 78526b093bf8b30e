data "aws_subnet" "worker" {
  id = var.network.subnet_id
}

# NETWORK carries no credentials: the job reads its database secret itself, so a rotated password is never stale.
resource "aws_glue_connection" "this" {
  name            = local.name
  description     = "Runs ${local.name} in the VPC, beside the source database."
  connection_type = "NETWORK"

  physical_connection_requirements {
    availability_zone      = data.aws_subnet.worker.availability_zone
    subnet_id              = data.aws_subnet.worker.id
    security_group_id_list = [aws_security_group.this.id]
  }
}

resource "aws_security_group" "this" {
  name        = local.name
  description = "Workers of ${local.name}."
  vpc_id      = var.network.vpc_id

  tags = { Name = local.name }
}

# Driver and executors talk to each other on any port; Glue refuses a connection whose group lacks this rule.
resource "aws_vpc_security_group_ingress_rule" "workers" {
  security_group_id            = aws_security_group.this.id
  description                  = "Workers among themselves"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535

  tags = { Name = "${local.name}-workers" }
}

resource "aws_vpc_security_group_egress_rule" "workers" {
  security_group_id            = aws_security_group.this.id
  description                  = "Workers among themselves"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535

  tags = { Name = "${local.name}-workers" }
}

resource "aws_vpc_security_group_egress_rule" "aws" {
  security_group_id = aws_security_group.this.id
  description       = "HTTPS to AWS, by gateway endpoint, NAT or interface endpoint"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = { Name = "${local.name}-https" }
}

resource "aws_vpc_security_group_egress_rule" "source" {
  security_group_id            = aws_security_group.this.id
  description                  = "The source database"
  referenced_security_group_id = var.source_database.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.source_database.port
  to_port                      = var.source_database.port

  tags = { Name = "${local.name}-source" }
}

# The rule on the database's side stands here, with the client that needs it, and goes with it.
resource "aws_vpc_security_group_ingress_rule" "source" {
  security_group_id            = var.source_database.security_group_id
  description                  = "Glue job ${local.name}"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = var.source_database.port
  to_port                      = var.source_database.port

  tags = { Name = "${local.name}-source" }
}
