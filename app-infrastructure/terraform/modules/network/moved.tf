# What an earlier apply made moves with its state: nothing is replaced, and no database is lost.
moved {
  from = aws_iam_role.flow
  to   = module.flow_role.aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.flow
  to   = module.flow_role.aws_iam_role_policy.this
}
