locals {
  alarms = {
    storage = { metric = "FreeStorageSpace", statistic = "Minimum", threshold = 2 * 1024 * 1024 * 1024, about = "less than 2 GiB are free" }
    memory  = { metric = "FreeableMemory", statistic = "Minimum", threshold = 64 * 1024 * 1024, about = "less than 64 MiB of memory are free" }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "${local.name}: ${each.value.about}."
  namespace           = "AWS/RDS"
  metric_name         = each.value.metric
  dimensions          = { DBInstanceIdentifier = module.database.identifier }
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 2
  threshold           = each.value.threshold
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "missing"
  alarm_actions       = [var.alerts_topic_arn]
}
