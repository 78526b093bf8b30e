locals {
  function_alarms = {
    for pair in setproduct(keys(local.functions), ["Errors", "Throttles"]) : "${module.function[pair[0]].name}-${pair[1]}" => {
      namespace  = "AWS/Lambda"
      metric     = pair[1]
      dimensions = { FunctionName = module.function[pair[0]].name }
      statistic  = "Sum"
      about      = pair[1] == "Errors" ? "calls ended in an error" : "calls were refused for want of concurrency"
    }
  }
  feed_alarms = {
    "${var.project}-transaction-feed-failed" = {
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      dimensions = { QueueName = aws_sqs_queue.failed.name }
      statistic  = "Maximum"
      about      = "events could not be taken in and wait in the queue of this name"
    }
    "${var.project}-transactions-quarantined" = {
      namespace  = local.metrics
      metric     = "Quarantined"
      dimensions = {}
      statistic  = "Sum"
      about      = "transactions are not good; ${local.quarantine} in the lake says why"
    }
  }
  metrics = "${var.project}/TransactionFeed"
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = merge(local.function_alarms, local.feed_alarms)

  alarm_name          = each.key
  alarm_description   = "${each.key}: ${each.value.about}."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic_arn]
}

# The transformer prints one line of JSON for each file.
resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = { Good = "good", Repeated = "repeated", Quarantined = "quarantined" }

  name           = "${var.project}-transactions-${each.value}"
  log_group_name = module.function["transformer"].log_group_name
  pattern        = "{ $.${each.value} > 0 }"

  metric_transformation {
    namespace = local.metrics
    name      = each.key
    value     = "$.${each.value}"
  }
}
