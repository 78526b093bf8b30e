resource "aws_db_subnet_group" "this" {
  name        = local.name
  description = "Private subnets of the ${var.title}."
  subnet_ids  = var.network.subnet_ids
}

# Clients add one ingress rule each, from their own security group; no address range is ever admitted.
resource "aws_security_group" "this" {
  name        = local.name
  description = "The ${var.title}: ${var.traffic}."
  vpc_id      = var.network.vpc_id

  tags = { Name = local.name }
}
