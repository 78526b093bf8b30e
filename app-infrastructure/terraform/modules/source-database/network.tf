resource "aws_db_subnet_group" "this" {
  name        = local.name
  description = "Private subnets of the source database."
  subnet_ids  = var.network.subnet_ids
}

# Clients in other roots add one ingress rule each, from their own security group; no address range is ever admitted.
resource "aws_security_group" "this" {
  name        = local.name
  description = "The source database: admits named client groups on its port."
  vpc_id      = var.network.vpc_id

  tags = { Name = local.name }
}

resource "aws_vpc_security_group_ingress_rule" "rotation" {
  security_group_id            = aws_security_group.this.id
  description                  = "Rotation of the application users"
  referenced_security_group_id = aws_security_group.rotation.id
  ip_protocol                  = "tcp"
  from_port                    = aws_db_instance.this.port
  to_port                      = aws_db_instance.this.port

  tags = { Name = "${local.name}-rotation" }
}

resource "aws_security_group" "rotation" {
  name        = "${local.name}-rotation"
  description = "The rotation function: calls the source database and Secrets Manager, is called by nobody."
  vpc_id      = var.network.vpc_id

  tags = { Name = "${local.name}-rotation" }
}

resource "aws_vpc_security_group_egress_rule" "rotation_to_database" {
  security_group_id            = aws_security_group.rotation.id
  description                  = "MySQL"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = aws_db_instance.this.port
  to_port                      = aws_db_instance.this.port

  tags = { Name = "${local.name}-rotation-mysql" }
}

resource "aws_vpc_security_group_egress_rule" "rotation_to_aws" {
  security_group_id = aws_security_group.rotation.id
  description       = "HTTPS to Secrets Manager, by NAT or endpoint"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = { Name = "${local.name}-rotation-https" }
}
