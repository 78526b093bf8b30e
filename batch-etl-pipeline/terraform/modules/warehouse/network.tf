# People have no way into the VPC but a session through one of its instances (`make tunnel`): the instances' group is
# admitted here, and let out to here, as the source database does for the storefront.
resource "aws_vpc_security_group_ingress_rule" "people" {
  for_each = var.ways_in

  security_group_id            = module.database.connection.security_group_id
  description                  = "People, by a session through the ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = module.database.connection.port
  to_port                      = module.database.connection.port

  tags = { Name = "${local.name}-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "people" {
  for_each = var.ways_in

  security_group_id            = each.value
  description                  = "People, to the warehouse"
  referenced_security_group_id = module.database.connection.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = module.database.connection.port
  to_port                      = module.database.connection.port

  tags = { Name = "${local.name}-${each.key}" }
}
