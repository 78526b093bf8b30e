# Whichever policy asks for more instances wins; both must agree before one goes.
resource "aws_autoscaling_policy" "requests" {
  name                   = "requests-per-target"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.capacity.requests_per_minute

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.this.arn_suffix}/${aws_lb_target_group.this.arn_suffix}"
    }
  }

  # The metric is of target group and load balancer together: refused until a listener joins them.
  depends_on = [aws_lb_listener.http, aws_lb_listener.https]
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "average-cpu"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.capacity.cpu_percent

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
