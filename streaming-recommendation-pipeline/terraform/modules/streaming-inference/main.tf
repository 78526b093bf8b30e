# Browse events as they happen: one stream, three functions, two deliveries to the lake.
locals {
  stream_name = "${var.project}-events"
  databases   = { bronze = "${var.project}_bronze", gold = "${var.project}_gold" }
}

resource "aws_kinesis_stream" "events" {
  name             = local.stream_name
  retention_period = 24
  encryption_type  = "KMS"
  kms_key_id       = var.kms_key_arn

  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

# Enhanced fan-out pushes: a click is in the profile before Firehose, which polls, has looked.
resource "aws_kinesis_stream_consumer" "profile_updater" {
  name       = "${var.project}-profile-updater"
  stream_arn = aws_kinesis_stream.events.arn
}

resource "aws_lambda_event_source_mapping" "profile_updater" {
  event_source_arn  = aws_kinesis_stream_consumer.profile_updater.arn
  function_name     = module.function["updater"].arn
  starting_position = "TRIM_HORIZON"

  batch_size                         = 100
  maximum_batching_window_in_seconds = 0
  parallelization_factor             = 1 # a hundred events are one exchange with the database

  # One bad record is found by halving and leaves whole; the others go on. Bounded, or it would hold up its shard.
  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = 10
  maximum_record_age_in_seconds  = 3600

  # S3 receives the records themselves; a queue or topic would receive only where they once were.
  destination_config {
    on_failure {
      destination_arn = var.lake_bucket.arn
    }
  }

  # Counts what was given up; off by default.
  metrics_config {
    metrics = ["EventCount"]
  }

  # Lambda tries the role's rights when the mapping is made.
  depends_on = [module.function]
}
