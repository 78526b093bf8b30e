# An API that is down, refuses or lies ends the call in an error, which says what it was.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${module.function.name}-errors"
  alarm_description   = "${module.function.name}: a call ended in an error; ${module.function.log_group_name} says which. The cursor stays, and the next call goes on from there."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = module.function.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic_arn]
}
