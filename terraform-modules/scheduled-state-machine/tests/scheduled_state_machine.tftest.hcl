mock_provider "aws" {
  source = "../mocks"
}

variables {
  project          = "shop"
  name             = "nightly"
  account_id       = "111122223333"
  definition       = "{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  policy_json      = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  schedule         = { expression = "cron(0 2 * * ? *)", time_zone = "Europe/Berlin" }
  alerts_topic_arn = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/one"
}

run "the_schedule_knows_its_time_zone" {
  assert {
    condition     = aws_scheduler_schedule.this.schedule_expression_timezone == "Europe/Berlin" && aws_scheduler_schedule.this.state == "ENABLED"
    error_message = "Two o'clock is two o'clock there."
  }
}

run "the_scheduler_may_start_the_machine_and_nothing_else" {
  assert {
    condition     = data.aws_iam_policy_document.scheduler.statement[0].actions == toset(["states:StartExecution"]) && data.aws_iam_policy_document.scheduler.statement[0].resources == toset([aws_sfn_state_machine.this.arn])
    error_message = "One action on one machine."
  }
}

run "the_machine_may_do_what_it_is_given_and_tell_of_it" {
  assert {
    condition     = data.aws_iam_policy_document.machine.source_policy_documents == tolist([var.policy_json]) && toset(data.aws_iam_policy_document.machine.statement[*].sid) == toset(["LogAndTrace", "Notify", "UseTheKey"])
    error_message = "Its own rights, notices, the key, logs and traces."
  }
}

run "an_execution_that_does_not_finish_is_told" {
  assert {
    condition     = toset([for alarm in aws_cloudwatch_metric_alarm.this : alarm.metric_name if alarm.alarm_actions == toset([var.alerts_topic_arn])]) == toset(["ExecutionsAborted", "ExecutionsFailed", "ExecutionsTimedOut"])
    error_message = "A machine that cannot even notify must raise an alarm."
  }
}

run "a_time_zone_that_is_none_is_refused" {
  command = plan

  variables {
    schedule = { expression = "cron(0 2 * * ? *)", time_zone = "2 a.m." }
  }

  expect_failures = [var.schedule]
}
