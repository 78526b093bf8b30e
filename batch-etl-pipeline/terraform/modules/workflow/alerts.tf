# A workflow run says nothing when it ends: its jobs do, and whoever started them, a failed one is worth telling.
resource "aws_cloudwatch_event_rule" "job_failed" {
  name        = local.rule
  description = "A job of ${local.name} failed or timed out: what comes after it did not run."

  event_pattern = jsonencode({
    source      = ["aws.glue"]
    detail-type = ["Glue Job State Change"]
    detail      = { jobName = var.jobs, state = ["FAILED", "TIMEOUT", "ERROR"] }
  })
}

resource "aws_cloudwatch_event_target" "job_failed" {
  rule      = aws_cloudwatch_event_rule.job_failed.name
  target_id = "alerts"
  arn       = var.alerts_topic_arn
  role_arn  = module.events_role.arn

  input_transformer {
    input_paths = {
      job     = "$.detail.jobName"
      message = "$.detail.message"
      run     = "$.detail.jobRunId"
      state   = "$.detail.state"
    }
    input_template = "\"Glue job <job> of ${local.name}, run <run>: <state>. <message>\""
  }
}
