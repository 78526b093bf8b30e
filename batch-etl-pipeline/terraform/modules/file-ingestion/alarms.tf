locals {
  alarms = merge(
    {
      for metric in ["ExecutionsAborted", "ExecutionsFailed", "ExecutionsTimedOut"] : "${local.name}-${metric}" => {
        namespace  = "AWS/States"
        metric     = metric
        dimensions = { StateMachineArn = aws_sfn_state_machine.this.arn }
        statistic  = "Sum"
        threshold  = 1
        about      = "a run did not finish; `retail replay-files` loads its files again"
      }
    },
    {
      for name in [module.intake.name, module.validator.name] : "${name}-Errors" => {
        namespace  = "AWS/Lambda"
        metric     = "Errors"
        dimensions = { FunctionName = name }
        statistic  = "Sum"
        threshold  = 1
        about      = "calls ended in an error"
      }
    },
    {
      "${var.project}-store-files-dead" = {
        namespace  = "AWS/SQS"
        metric     = "ApproximateNumberOfMessagesVisible"
        dimensions = { QueueName = aws_sqs_queue.dead.name }
        statistic  = "Maximum"
        threshold  = 1
        about      = "arrivals could not be taken in: look at the messages, then redrive them"
      }
      "${var.project}-store-files-waiting" = {
        namespace  = "AWS/SQS"
        metric     = "ApproximateAgeOfOldestMessage"
        dimensions = { QueueName = aws_sqs_queue.arrivals.name }
        statistic  = "Maximum"
        threshold  = 900
        about      = "a file has waited for a quarter of an hour"
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = each.key
  alarm_description   = "${each.key}: ${each.value.about}."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic_arn]
}
