output "security_group_id" {
  description = "The clients' security group, known once the way to the database and to AWS stands."
  value       = aws_security_group.this.id

  depends_on = [
    aws_vpc_security_group_egress_rule.aws,
    aws_vpc_security_group_egress_rule.database,
    aws_vpc_security_group_ingress_rule.database,
  ]
}
