mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:111122223333:shop-transaction-feed-failed", url = "https://sqs.example.com/111122223333/shop-transaction-feed-failed" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/shop-latest-transactions" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:111122223333:rule/shop-one" }
  }
}

variables {
  project             = "shop"
  account_id          = "111122223333"
  landing_bucket      = { name = "shop-landing", arn = "arn:aws:s3:::shop-landing" }
  lake_bucket         = { name = "shop-lake", arn = "arn:aws:s3:::shop-lake" }
  database            = "shop_silver"
  catalogue_url       = "https://shop.example.com/api/v1/products"
  code                = { dir = "tests/artifacts", layer_arn = "arn:aws:lambda:eu-central-1:111122223333:layer:shop-batch-etl:1" }
  lock_table          = { name = "shop-publish-lock", arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/shop-publish-lock" }
  alerts_topic_arn    = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
}

run "the_functions_have_their_names_and_handlers" {
  assert {
    condition     = output.functions == { generator = "shop-transaction-generator", transformer = "shop-transaction-transformer", compactor = "shop-transaction-compactor" }
    error_message = "Dashboards and people call them by these names."
  }
}

run "five_minutes_unless_switched_off" {
  assert {
    condition     = aws_cloudwatch_event_rule.every_five_minutes.schedule_expression == "rate(5 minutes)" && aws_cloudwatch_event_rule.every_five_minutes.state == "ENABLED"
    error_message = "The feed runs every five minutes."
  }
}

run "switched_off_nothing_is_made" {
  variables {
    generator = { enabled = false }
    crawler   = { enabled = false }
  }

  assert {
    condition     = aws_cloudwatch_event_rule.every_five_minutes.state == "DISABLED" && aws_glue_crawler.transactions.schedule == null
    error_message = "A schedule can be switched off."
  }
}

run "only_raw_files_start_the_transformer" {
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.raw_file.event_pattern).detail == { bucket = { name = ["shop-landing"] }, object = { key = [{ prefix = "transactions/raw/" }] } }
    error_message = "The catalogue lands in the same bucket and must start nothing."
  }
}

run "no_event_is_dropped" {
  assert {
    condition = alltrue([
      for name in ["generator", "transformer"] :
      aws_cloudwatch_event_target.this[name].dead_letter_config[0].arn == aws_sqs_queue.failed.arn
      && aws_lambda_function_event_invoke_config.this[name].destination_config[0].on_failure[0].destination == aws_sqs_queue.failed.arn
    ])
    error_message = "What EventBridge cannot deliver and what a function cannot take both go to one queue, which has an alarm."
  }

  assert {
    condition     = contains(keys(aws_cloudwatch_metric_alarm.this), "shop-transaction-feed-failed") && contains(keys(aws_cloudwatch_metric_alarm.this), "shop-transactions-quarantined")
    error_message = "Someone is told of failed events and of quarantined records."
  }
}

run "the_table_has_the_fourteen_columns" {
  assert {
    condition = join(",", aws_glue_catalog_table.transactions.storage_descriptor[0].columns[*].name) == join(",", [
      "transaction_id", "timestamp", "customer_id", "product_id", "product_name", "category", "quantity", "price",
      "total_amount", "year", "month", "day", "hour", "day_of_week",
    ])
    error_message = "All fourteen are in the file, and in this order."
  }

  assert {
    condition     = alltrue([for column in local.columns : startswith(column.type, "decimal") if contains(["price", "total_amount"], column.name)])
    error_message = "Money is DECIMAL."
  }
}

run "the_crawler_adds_days_and_changes_nothing" {
  assert {
    condition = (
      aws_glue_crawler.transactions.schedule == "cron(0 2 * * ? *)"
      && aws_glue_crawler.transactions.catalog_target[0].tables == tolist(["transactions"])
      && aws_glue_crawler.transactions.schema_change_policy[0].update_behavior == "LOG"
      && aws_glue_crawler.transactions.schema_change_policy[0].delete_behavior == "LOG"
    )
    error_message = "A crawler that updates would fight the declaration, and put a compacted day back."
  }

  assert {
    condition     = !contains(keys(aws_glue_catalog_table.transactions.parameters), "projection.enabled")
    error_message = "With projection Athena would not see where a compacted day is."
  }
}

run "readers_have_longer_than_athenas_longest_query" {
  assert {
    condition     = local.compaction.States.LetReadersFinish.Seconds >= 1800
    error_message = "Files are removed only when no query can be reading them."
  }
}

run "a_shorter_grace_is_refused" {
  command = plan

  variables {
    compaction = { grace_minutes = 5 }
  }

  expect_failures = [var.compaction]
}
