locals {
  function_alarms = {
    for pair in setproduct(keys(local.functions), ["Errors", "Throttles"]) : "${module.function[pair[0]].name}-${pair[1]}" => {
      namespace  = "AWS/Lambda"
      metric     = pair[1]
      dimensions = { FunctionName = module.function[pair[0]].name }
      statistic  = "Sum"
      threshold  = 1
      about      = pair[1] == "Errors" ? "calls ended in an error" : "calls were refused: the reserved concurrency is used up"
    }
  }
  stream_alarms = {
    "${var.project}-profile-updater-behind" = {
      namespace  = "AWS/Lambda"
      metric     = "IteratorAge"
      dimensions = { FunctionName = module.function["updater"].name }
      statistic  = "Maximum"
      threshold  = 60000
      about      = "profiles are more than a minute behind the stream"
    }
    "${var.project}-profile-updater-gave-up" = {
      namespace  = "AWS/Lambda"
      metric     = "OnFailureDestinationDeliveredEventCount"
      dimensions = { EventSourceMappingUUID = aws_lambda_event_source_mapping.profile_updater.uuid }
      statistic  = "Sum"
      threshold  = 1
      about      = "records were given up; they lie whole under aws/lambda/ in the lake, to be replayed"
    }
    "${var.project}-events-refused" = {
      namespace  = "AWS/Kinesis"
      metric     = "WriteProvisionedThroughputExceeded"
      dimensions = { StreamName = aws_kinesis_stream.events.name }
      statistic  = "Sum"
      threshold  = 1
      about      = "the stream refused events"
    }
  }
  delivery_alarms = {
    for name in keys(local.deliveries) : "${var.project}-${name}-late" => {
      namespace  = "AWS/Firehose"
      metric     = "DeliveryToS3.DataFreshness"
      dimensions = { DeliveryStreamName = aws_kinesis_firehose_delivery_stream.this[name].name }
      statistic  = "Maximum"
      threshold  = 900
      about      = "the oldest event not yet in the lake is more than 15 minutes old"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = merge(local.function_alarms, local.stream_alarms, local.delivery_alarms)

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
