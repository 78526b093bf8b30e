mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:111122223333:shop-queue", url = "https://sqs.eu-central-1.amazonaws.com/111122223333/shop-queue" }
  }

  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/shop-file-ledger" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:111122223333:rule/shop-file-ingestion-arrived" }
  }
}

variables {
  project = "shop"
  buckets = {
    landing = { name = "shop-landing", arn = "arn:aws:s3:::shop-landing" }
    lake    = { name = "shop-lake", arn = "arn:aws:s3:::shop-lake" }
  }
  databases           = { bronze = "shop_bronze", silver = "shop_silver" }
  athena              = { workgroup = "shop-analytics", results = { name = "shop-results", arn = "arn:aws:s3:::shop-results" } }
  lock_table          = { name = "shop-publish-lock", arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/shop-publish-lock" }
  code                = { dir = "tests/artifacts", bucket = "shop-artifacts", layer_arn = "arn:aws:lambda:eu-central-1:111122223333:layer:shop:1" }
  alerts_topic_arn    = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
}

run "only_store_files_of_the_landing_bucket_are_noticed" {
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.arrived.event_pattern).detail == { bucket = { name = ["shop-landing"] }, object = { key = [{ prefix = "store-files/" }] } }
    error_message = "Feeds of other prefixes have pipelines of their own."
  }
}

run "arrivals_are_gathered_and_a_bad_one_fails_alone" {
  assert {
    condition     = aws_lambda_event_source_mapping.intake.maximum_batching_window_in_seconds == 20 && aws_lambda_event_source_mapping.intake.batch_size == 1000 && aws_lambda_event_source_mapping.intake.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "A thousand small files are one run."
  }
  assert {
    condition     = aws_sqs_queue.arrivals.visibility_timeout_seconds >= 6 * 120 + 20
    error_message = "A message that is being worked on must not come again."
  }
}

run "files_are_validated_loaded_looked_at_and_told" {
  assert {
    condition = [
      local.definition.StartAt, local.definition.States.Validate.Next, local.definition.States.AnythingToLoad.Choices[0].Next,
      local.definition.States.Ingest.Next, local.definition.States.ReadCounts.Next, local.definition.States.EveryTable.Next,
    ] == ["Validate", "AnythingToLoad", "Ingest", "ReadCounts", "EveryTable", "NotifySuccess"]
    error_message = "Validate, load, catalogue and quality, notify."
  }
}

run "every_way_out_but_success_ends_failed" {
  assert {
    condition = toset([
      for name, state in local.definition.States : name if try(state.End, false) || contains(["Fail", "Succeed"], state.Type)
    ]) == toset(["NothingNew", "NotifySuccess", "Failed"])
    error_message = "A run that did not load must not end in success."
  }
}

run "whatever_does_not_finish_is_told" {
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([var.alerts_topic_arn])]) && contains([for alarm in aws_cloudwatch_metric_alarm.this : alarm.metric_name], "ApproximateNumberOfMessagesVisible")
    error_message = "Dead letters, failed runs and failed calls reach people."
  }
}

run "a_window_that_lambda_does_not_know_is_refused" {
  command = plan

  variables {
    batch = { window_seconds = 301 }
  }

  expect_failures = [var.batch]
}
