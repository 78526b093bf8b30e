# What an earlier apply made moves with its state: nothing is replaced, and no database is lost.
moved {
  from = aws_db_instance.this
  to   = module.database.aws_db_instance.this
}

moved {
  from = aws_db_parameter_group.this
  to   = module.database.aws_db_parameter_group.this
}

moved {
  from = aws_cloudwatch_log_group.exported
  to   = module.database.aws_cloudwatch_log_group.exported
}

moved {
  from = aws_db_subnet_group.this
  to   = module.database.aws_db_subnet_group.this
}

moved {
  from = aws_security_group.this
  to   = module.database.aws_security_group.this
}

moved {
  from = aws_security_group.rotation
  to   = module.clients.aws_security_group.this
}

moved {
  from = aws_vpc_security_group_ingress_rule.rotation
  to   = module.clients.aws_vpc_security_group_ingress_rule.database
}

moved {
  from = aws_vpc_security_group_egress_rule.rotation_to_database
  to   = module.clients.aws_vpc_security_group_egress_rule.database
}

moved {
  from = aws_vpc_security_group_egress_rule.rotation_to_aws
  to   = module.clients.aws_vpc_security_group_egress_rule.aws
}

moved {
  from = module.rotation
  to   = module.users.module.rotation
}

moved {
  from = aws_lambda_permission.rotation
  to   = module.users.aws_lambda_permission.rotation
}

moved {
  from = aws_secretsmanager_secret.user
  to   = module.users.aws_secretsmanager_secret.this
}

moved {
  from = aws_secretsmanager_secret_rotation.user
  to   = module.users.aws_secretsmanager_secret_rotation.this
}

moved {
  from = aws_lambda_layer_version.rotation
  to   = module.layer.aws_lambda_layer_version.this
}
