locals {
  # One key or none: the job runs in the VPC, or outside of any.
  network = var.network == null ? {} : { vpc = var.network }
  databases = merge(
    var.source_database == null ? {} : { source = merge(var.source_database, { title = "The source database" }) },
    var.target_database == null ? {} : { target = merge(var.target_database, { title = "The target database" }) },
  )
}

data "aws_subnet" "worker" {
  for_each = local.network

  id = each.value.subnet_id
}

# NETWORK carries no credentials: the job reads its database secret itself, so a rotated password is never stale.
resource "aws_glue_connection" "this" {
  for_each = local.network

  name            = local.name
  description     = "Runs ${local.name} in the VPC, beside the ${join(" and ", keys(local.databases))} database."
  connection_type = "NETWORK"

  physical_connection_requirements {
    availability_zone      = data.aws_subnet.worker[each.key].availability_zone
    subnet_id              = data.aws_subnet.worker[each.key].id
    security_group_id_list = [aws_security_group.this[each.key].id]
  }
}

resource "aws_security_group" "this" {
  for_each = local.network

  name        = local.name
  description = "Workers of ${local.name}."
  vpc_id      = each.value.vpc_id

  tags = { Name = local.name }
}

# Driver and executors talk to each other on any port; Glue refuses a connection whose group lacks this rule.
resource "aws_vpc_security_group_ingress_rule" "workers" {
  for_each = local.network

  security_group_id            = aws_security_group.this[each.key].id
  description                  = "Workers among themselves"
  referenced_security_group_id = aws_security_group.this[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535

  tags = { Name = "${local.name}-workers" }
}

resource "aws_vpc_security_group_egress_rule" "workers" {
  for_each = local.network

  security_group_id            = aws_security_group.this[each.key].id
  description                  = "Workers among themselves"
  referenced_security_group_id = aws_security_group.this[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535

  tags = { Name = "${local.name}-workers" }
}

resource "aws_vpc_security_group_egress_rule" "aws" {
  for_each = local.network

  security_group_id = aws_security_group.this[each.key].id
  description       = "HTTPS to AWS, by gateway endpoint, NAT or interface endpoint"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = { Name = "${local.name}-https" }
}

resource "aws_vpc_security_group_egress_rule" "database" {
  for_each = local.databases

  security_group_id            = aws_security_group.this["vpc"].id
  description                  = each.value.title
  referenced_security_group_id = each.value.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port

  tags = { Name = "${local.name}-${each.key}" }
}

# The rule on the database's side stands here, with the client that needs it, and goes with it.
resource "aws_vpc_security_group_ingress_rule" "database" {
  for_each = local.databases

  security_group_id            = each.value.security_group_id
  description                  = "Glue job ${local.name}"
  referenced_security_group_id = aws_security_group.this["vpc"].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port

  tags = { Name = "${local.name}-${each.key}" }
}
