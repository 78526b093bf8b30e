locals {
  load_balancer_dimension = { LoadBalancer = aws_lb.this.arn_suffix }
  target_dimensions       = { LoadBalancer = aws_lb.this.arn_suffix, TargetGroup = aws_lb_target_group.this.arn_suffix }

  load_balancer_alarms = {
    "${local.name}-errors" = {
      metric     = "HTTPCode_Target_5XX_Count"
      dimensions = local.target_dimensions
      threshold  = 10
      about      = "the storefront answered ten requests or more in five minutes with an error of its own"
    }
    "${local.name}-load-balancer-errors" = {
      metric     = "HTTPCode_ELB_5XX_Count"
      dimensions = local.load_balancer_dimension
      threshold  = 10
      about      = "ten requests or more in five minutes found no instance, or none that answered"
    }
    "${local.name}-unhealthy" = {
      metric     = "UnHealthyHostCount"
      dimensions = local.target_dimensions
      statistic  = "Minimum"
      threshold  = 1
      about      = "an instance fails its health check and is not replaced"
    }
    "${local.name}-slow" = {
      metric     = "TargetResponseTime"
      dimensions = local.target_dimensions
      statistic  = "p99"
      threshold  = 1
      about      = "one request in a hundred takes a second or more"
      periods    = 2
    }
  }
  group_alarms = {
    "${local.name}-at-maximum" = {
      namespace  = "AWS/AutoScaling"
      metric     = "GroupInServiceInstances"
      dimensions = { AutoScalingGroupName = aws_autoscaling_group.this.name }
      statistic  = "Minimum"
      threshold  = var.capacity.max
      about      = "the group has been as large as it may get for a quarter of an hour: raise capacity.max"
      periods    = 3
    }
  }
  spill_alarms = {
    "${local.name}-events-wait" = {
      namespace  = "AWS/SQS"
      metric     = "ApproximateAgeOfOldestMessage"
      dimensions = { QueueName = aws_sqs_queue.spill.name }
      statistic  = "Maximum"
      threshold  = 900
      about      = "browse events have waited for the stream for a quarter of an hour"
    }
    "${local.name}-events-dead" = {
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      dimensions = { QueueName = aws_sqs_queue.dead.name }
      statistic  = "Maximum"
      threshold  = 1
      about      = "browse events were given up; redrive ${aws_sqs_queue.dead.name} when the stream is well"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for name, alarm in merge(local.load_balancer_alarms, local.group_alarms, local.spill_alarms) : name => merge({ namespace = "AWS/ApplicationELB", statistic = "Sum", periods = 1 }, alarm) }

  alarm_name          = each.key
  alarm_description   = "${each.key}: ${each.value.about}."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  period              = 300
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic_arn]
}
