data "aws_subnet" "this" {
  for_each = toset(var.network.subnet_ids)

  id = each.key
}

resource "aws_security_group" "this" {
  name        = "${local.name}-redshift"
  description = "Redshift Serverless workgroup ${local.name}."
  vpc_id      = var.network.vpc_id

  tags = { Name = "${local.name}-redshift" }
}

# Under enhanced VPC routing the catalog, the key and the lake are reached from here.
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "HTTPS to AWS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = var.network.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "SQL from ${each.key}"
  referenced_security_group_id = each.key
  ip_protocol                  = "tcp"
  from_port                    = 5439
  to_port                      = 5439
}
