resource "aws_db_subnet_group" "this" {
  name        = local.name
  description = "Private subnets of the vector database."
  subnet_ids  = var.network.subnet_ids
}

# Clients add one ingress rule each, from their own security group; no address range is ever admitted.
resource "aws_security_group" "this" {
  name        = local.name
  description = "The vector database: admits named client groups on its port, calls S3 alone."
  vpc_id      = var.network.vpc_id

  tags = { Name = local.name }
}

# The instance itself fetches what aws_s3 imports, through the VPC's gateway endpoint.
resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = aws_security_group.this.id
  description       = "S3, by the gateway endpoint"
  prefix_list_id    = var.network.s3_prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = { Name = "${local.name}-s3" }
}

resource "aws_vpc_security_group_ingress_rule" "functions" {
  security_group_id            = aws_security_group.this.id
  description                  = "Rotation and loader"
  referenced_security_group_id = aws_security_group.functions.id
  ip_protocol                  = "tcp"
  from_port                    = aws_db_instance.this.port
  to_port                      = aws_db_instance.this.port

  tags = { Name = "${local.name}-functions" }
}

resource "aws_security_group" "functions" {
  name        = "${local.name}-functions"
  description = "Rotation and loader: call the vector database and AWS, are called by nobody."
  vpc_id      = var.network.vpc_id

  tags = { Name = "${local.name}-functions" }
}

resource "aws_vpc_security_group_egress_rule" "functions_to_database" {
  security_group_id            = aws_security_group.functions.id
  description                  = "PostgreSQL"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = aws_db_instance.this.port
  to_port                      = aws_db_instance.this.port

  tags = { Name = "${local.name}-functions-postgresql" }
}

resource "aws_vpc_security_group_egress_rule" "functions_to_aws" {
  security_group_id = aws_security_group.functions.id
  description       = "HTTPS to AWS, by gateway endpoint, NAT or interface endpoint"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = { Name = "${local.name}-functions-https" }
}
