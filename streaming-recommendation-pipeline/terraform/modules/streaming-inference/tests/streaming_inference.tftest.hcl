mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"

  mock_resource "aws_kinesis_stream" {
    defaults = { arn = "arn:aws:kinesis:eu-central-1:111122223333:stream/shop-events" }
  }
  mock_resource "aws_kinesis_stream_consumer" {
    defaults = { arn = "arn:aws:kinesis:eu-central-1:111122223333:stream/shop-events/consumer/shop-profile-updater:1" }
  }
}

variables {
  project          = "shop"
  account_id       = "111122223333"
  network          = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"] }
  lake_bucket      = { name = "shop-lake", arn = "arn:aws:s3:::shop-lake" }
  concurrency      = { inference = 20, transform = 10, updater = 10 }
  code             = { dir = "tests/artifacts", layer_arn = "arn:aws:lambda:eu-central-1:111122223333:layer:shop-streaming-recs:1" }
  alerts_topic_arn = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/one"
  database = {
    endpoint          = "shop-vector-db.example.internal"
    port              = 5432
    name              = "vectors"
    security_group_id = "sg-database"
    secret_arns       = { reader = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:reader", writer = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:writer" }
    max_connections   = 60
  }
}

run "one_bad_record_is_found_bounded_and_kept_whole" {
  assert {
    condition = (
      aws_lambda_event_source_mapping.profile_updater.bisect_batch_on_function_error
      && contains(aws_lambda_event_source_mapping.profile_updater.function_response_types, "ReportBatchItemFailures")
      && aws_lambda_event_source_mapping.profile_updater.maximum_retry_attempts > 0
      && aws_lambda_event_source_mapping.profile_updater.maximum_record_age_in_seconds > 0
      && aws_lambda_event_source_mapping.profile_updater.destination_config[0].on_failure[0].destination_arn == "arn:aws:s3:::shop-lake"
    )
    error_message = "Partial batches, halving, bounded retries, and S3, which gets the whole record."
  }
}

run "clicks_are_pushed" {
  assert {
    condition     = aws_lambda_event_source_mapping.profile_updater.event_source_arn == aws_kinesis_stream_consumer.profile_updater.arn && aws_kinesis_stream.events.stream_mode_details[0].stream_mode == "ON_DEMAND"
    error_message = "Enhanced fan-out on an on-demand stream."
  }
}

run "the_url_takes_signed_requests_alone" {
  assert {
    condition     = aws_lambda_function_url.inference.authorization_type == "AWS_IAM"
    error_message = "A function URL is on the public internet."
  }
}

run "enrichment_fits_lambdas_answer" {
  assert {
    condition = contains(flatten([
      for processors in aws_kinesis_firehose_delivery_stream.this["recommendations"].extended_s3_configuration[0].processing_configuration[0].processors :
      [for parameter in processors.parameters : parameter.parameter_value if parameter.parameter_name == "BufferSizeInMBs"]
    ]), "0.5")
    error_message = "What goes in at more than half a megabyte comes out above Lambda's six."
  }
}

run "what_came_in_is_kept_beside_what_went_out" {
  assert {
    condition     = aws_kinesis_firehose_delivery_stream.this["recommendations"].extended_s3_configuration[0].s3_backup_mode == "Enabled" && alltrue([for stream in aws_kinesis_firehose_delivery_stream.this : strcontains(stream.extended_s3_configuration[0].error_output_prefix, "!{firehose:error-output-type}")])
    error_message = "Source backup, and an error prefix that says what went wrong."
  }
}

run "tables_stand_where_firehose_delivers" {
  assert {
    condition = alltrue([
      for pair in [[aws_glue_catalog_table.browse_events, "clickstream"], [aws_glue_catalog_table.recommendations_delivered, "recommendations"]] :
      pair[0].parameters["storage.location.template"] == "s3://shop-lake/${replace(aws_kinesis_firehose_delivery_stream.this[pair[1]].extended_s3_configuration[0].prefix, "!{timestamp:yyyy-MM-dd}", "$${dt}")}"
    ])
    error_message = "Partition projection must point at the prefix that Firehose writes."
  }

  assert {
    condition     = strcontains(base64decode(regex("View: (\\S+) ", aws_glue_catalog_table.recommendations.view_original_text)[0]), "PARTITION BY event_id")
    error_message = "The view has one row an event."
  }
}

run "each_function_has_its_own_user" {
  assert {
    condition     = local.functions.updater.secret_arn == var.database.secret_arns.writer && local.functions.inference.secret_arn == var.database.secret_arns.reader && local.functions.transform.secret_arn == var.database.secret_arns.reader
    error_message = "Only the profile updater writes."
  }
}

run "more_connections_than_the_database_has_are_refused" {
  command = plan

  variables {
    concurrency = { inference = 40, transform = 10, updater = 10 }
  }

  expect_failures = [var.concurrency]
}
