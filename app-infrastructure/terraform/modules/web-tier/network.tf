# Internet → load balancer → instances → source database and AWS: each group admits the one before it, nothing else.
locals {
  open_ports = var.certificate_arn == null ? ["80"] : ["80", "443"]
}

resource "aws_security_group" "load_balancer" {
  name        = "${local.name}-load-balancer"
  description = "The load balancer of the shop: called by visitors, calls the storefront."
  vpc_id      = var.network.vpc_id

  tags = { Name = "${local.name}-load-balancer" }
}

resource "aws_vpc_security_group_ingress_rule" "visitors" {
  for_each = { for pair in setproduct(var.ingress_cidrs, local.open_ports) : join(" ", pair) => { cidr = pair[0], port = tonumber(pair[1]) } }

  security_group_id = aws_security_group.load_balancer.id
  description       = "Visitors"
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port

  tags = { Name = "${local.name}-visitors" }
}

resource "aws_vpc_security_group_egress_rule" "storefront" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Storefront"
  referenced_security_group_id = module.clients.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port

  tags = { Name = "${local.name}-storefront" }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  security_group_id            = module.clients.security_group_id
  description                  = "The load balancer: requests and health checks"
  referenced_security_group_id = aws_security_group.load_balancer.id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port

  tags = { Name = "${local.name}-load-balancer" }
}

module "clients" {
  source = "../../../../terraform-modules/database-client"

  name     = local.name
  vpc_id   = var.network.vpc_id
  database = merge(var.database, { protocol = "MySQL" })

  descriptions = {
    group   = "The storefront: called by its load balancer, calls the source database and AWS."
    clients = "Storefront"
  }
}
