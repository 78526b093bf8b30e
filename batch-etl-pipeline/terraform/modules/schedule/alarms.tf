# A Glue run that fails outside the nightly machine is told too.
resource "aws_cloudwatch_event_rule" "job_failed" {
  name        = "${var.job.name}-failed"
  description = "${var.job.name} failed or timed out."

  event_pattern = jsonencode({
    source      = ["aws.glue"]
    detail-type = ["Glue Job State Change"]
    detail      = { jobName = [var.job.name], state = ["FAILED", "TIMEOUT", "ERROR"] }
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
    input_template = "\"Glue job <job>, run <run>: <state>. <message>\""
  }
}
