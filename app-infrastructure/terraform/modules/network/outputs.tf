output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "vpc_cidr" {
  description = "The VPC's IPv4 network."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "One public subnet a zone, in the order of the zones."
  value       = [for zone in local.zones : aws_subnet.public[zone].id]
}

# Who starts in a private subnet calls AWS at once, so its way out must stand first.
output "private_subnet_ids" {
  description = "One private subnet a zone, in the order of the zones, with their routes in place."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]

  depends_on = [
    aws_route.nat,
    aws_route_table_association.private,
    aws_vpc_endpoint.gateway,
    aws_vpc_endpoint.interface,
    aws_vpc_security_group_ingress_rule.endpoints,
  ]
}
