# Gateway endpoints are free and keep the lake's traffic off NAT. Without NAT, interface endpoints in one zone carry
# what Glue, the functions and the shop call; they cost about twice a NAT gateway, and nothing leaves AWS's network.
data "aws_region" "current" {}

locals {
  gateway_services   = ["dynamodb", "s3"]
  interface_services = var.nat == "none" ? ["glue", "kinesis-streams", "kms", "lambda", "logs", "monitoring", "secretsmanager", "sqs", "ssm", "ssmmessages", "sts"] : []
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = toset(local.gateway_services)

  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${data.aws_region.current.name}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  tags = { Name = "${var.project}-${each.key}" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = toset(local.interface_services)

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${data.aws_region.current.name}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [aws_subnet.private[local.zones[0]].id]
  security_group_ids  = [aws_security_group.endpoints[0].id]

  tags = { Name = "${var.project}-${each.key}" }
}

resource "aws_security_group" "endpoints" {
  count = length(local.interface_services) == 0 ? 0 : 1

  name        = "${var.project}-endpoints"
  description = "Interface endpoints: HTTPS from inside the VPC."
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.project}-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = length(local.interface_services) == 0 ? 0 : 1

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from inside the VPC"
  cidr_ipv4         = aws_vpc.this.cidr_block
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
