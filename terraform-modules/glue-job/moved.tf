# What an earlier apply made moves with its state: the rules are not replaced.
moved {
  from = aws_vpc_security_group_egress_rule.source["vpc"]
  to   = aws_vpc_security_group_egress_rule.database["source"]
}

moved {
  from = aws_vpc_security_group_ingress_rule.source["vpc"]
  to   = aws_vpc_security_group_ingress_rule.database["source"]
}
