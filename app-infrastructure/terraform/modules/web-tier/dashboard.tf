locals {
  of_load_balancer = ["LoadBalancer", aws_lb.this.arn_suffix]
  of_targets       = ["LoadBalancer", aws_lb.this.arn_suffix, "TargetGroup", aws_lb_target_group.this.arn_suffix]
  of_group         = ["AutoScalingGroupName", aws_autoscaling_group.this.name]

  # Two a row, in reading order: is it asked, does it answer, how fast, with how many machines.
  widgets = [
    { title = "Requests", stat = "Sum", metrics = [
      concat(["AWS/ApplicationELB", "RequestCount"], local.of_load_balancer),
      concat(["AWS/ApplicationELB", "RequestCountPerTarget"], local.of_targets),
    ] },
    { title = "Errors", stat = "Sum", metrics = [
      concat(["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"], local.of_load_balancer),
      concat(["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"], local.of_targets),
      concat(["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count"], local.of_targets),
    ] },
    { title = "Response time, p99", stat = "p99", metrics = [concat(["AWS/ApplicationELB", "TargetResponseTime"], local.of_targets)] },
    { title = "Response time, median", stat = "p50", metrics = [concat(["AWS/ApplicationELB", "TargetResponseTime"], local.of_targets)] },
    { title = "Instances", stat = "Average", metrics = [
      for metric in ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances"] :
      concat(["AWS/AutoScaling", metric], local.of_group)
    ] },
    { title = "Health", stat = "Maximum", metrics = [
      for metric in ["HealthyHostCount", "UnHealthyHostCount"] : concat(["AWS/ApplicationELB", metric], local.of_targets)
    ] },
    { title = "CPU of the instances, %", stat = "Average", metrics = [concat(["AWS/EC2", "CPUUtilization"], local.of_group)] },
    { title = "Browse events that wait for the stream", stat = "Maximum", metrics = [
      for queue in [aws_sqs_queue.spill, aws_sqs_queue.dead] : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name]
    ] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.name

  dashboard_body = jsonencode({
    widgets = [for index, widget in local.widgets : {
      type   = "metric"
      x      = index % 2 * 12
      y      = floor(index / 2) * 6
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        region  = local.region
        view    = "timeSeries"
        stat    = widget.stat
        period  = 60
        metrics = widget.metrics
      }
    }]
  })
}
