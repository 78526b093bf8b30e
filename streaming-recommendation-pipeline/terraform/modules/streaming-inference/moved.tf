# What an earlier apply made moves with its state: nothing is replaced, and no database is lost.
moved {
  from = aws_security_group.functions
  to   = module.clients.aws_security_group.this
}

moved {
  from = aws_vpc_security_group_ingress_rule.database
  to   = module.clients.aws_vpc_security_group_ingress_rule.database
}

moved {
  from = aws_vpc_security_group_egress_rule.database
  to   = module.clients.aws_vpc_security_group_egress_rule.database
}

moved {
  from = aws_vpc_security_group_egress_rule.aws
  to   = module.clients.aws_vpc_security_group_egress_rule.aws
}
