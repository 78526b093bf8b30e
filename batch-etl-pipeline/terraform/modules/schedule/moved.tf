# What an earlier apply made moves with its state: nothing is replaced, and no database is lost.
moved {
  from = aws_sfn_state_machine.this
  to   = module.machine.aws_sfn_state_machine.this
}

moved {
  from = aws_cloudwatch_log_group.this
  to   = module.machine.aws_cloudwatch_log_group.this
}

moved {
  from = aws_scheduler_schedule.this
  to   = module.machine.aws_scheduler_schedule.this
}

moved {
  from = aws_cloudwatch_metric_alarm.machine
  to   = module.machine.aws_cloudwatch_metric_alarm.this
}

moved {
  from = aws_iam_role.machine
  to   = module.machine.module.machine_role.aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.machine
  to   = module.machine.module.machine_role.aws_iam_role_policy.this
}

moved {
  from = aws_iam_role.scheduler
  to   = module.machine.module.scheduler_role.aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.scheduler
  to   = module.machine.module.scheduler_role.aws_iam_role_policy.this
}

moved {
  from = aws_iam_role.events
  to   = module.events_role.aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.events
  to   = module.events_role.aws_iam_role_policy.this
}
