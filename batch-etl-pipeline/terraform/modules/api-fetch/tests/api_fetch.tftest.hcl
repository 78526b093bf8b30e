mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"
}

variables {
  project             = "shop"
  api                 = { url = "https://shop.example.com/t", fields = { ts = "at" }, auth = { secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/one" } }
  bronze_database     = "shop_bronze"
  landing_bucket      = { name = "shop-landing", arn = "arn:aws:s3:::shop-landing" }
  lake_bucket         = { name = "shop-lake", arn = "arn:aws:s3:::shop-lake" }
  artifacts_dir       = "tests/artifacts"
  alerts_topic_arn    = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
}

run "it_writes_pages_and_cursor_and_nothing_else" {
  assert {
    condition = toset(flatten([for statement in data.aws_iam_policy_document.function.statement : statement.actions])) == toset([
      "s3:PutObject", "dynamodb:GetItem", "dynamodb:PutItem", "kms:Decrypt", "kms:GenerateDataKey", "secretsmanager:GetSecretValue",
    ])
    error_message = "No listing, no reading and no deleting of what was stored."
  }

  assert {
    condition = toset(data.aws_iam_policy_document.function.statement[0].resources) == toset([
      "arn:aws:s3:::shop-landing/api/transactions/*", "arn:aws:s3:::shop-lake/quarantine/api_transactions/refused/*",
    ])
    error_message = "Pages have one folder, and what is none has another."
  }
}

run "an_open_api_needs_no_secret" {
  variables {
    api = { url = "https://shop.example.com/t" }
  }

  assert {
    condition     = !contains(flatten([for statement in data.aws_iam_policy_document.function.statement : statement.actions]), "secretsmanager:GetSecretValue")
    error_message = "A function without a secret reads none."
  }
}

run "the_table_is_where_the_function_stores" {
  assert {
    condition     = aws_glue_catalog_table.pages.storage_descriptor[0].location == "s3://shop-landing/api/transactions/" && aws_glue_catalog_table.pages.parameters["storage.location.template"] == "s3://shop-landing/api/transactions/dt=$${dt}/"
    error_message = "Athena reads what the function wrote."
  }

  assert {
    condition     = output.cursor_table.name == "shop-api-cursor" && output.function.name == "shop-api-fetch"
    error_message = "Names are binding."
  }
}

run "a_failed_call_is_told" {
  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.metric_name == "Errors" && aws_cloudwatch_metric_alarm.errors.alarm_actions == toset(["arn:aws:sns:eu-central-1:111122223333:shop-alerts"])
    error_message = "An API that lies must not go unnoticed."
  }
}

run "an_address_that_is_none_is_refused" {
  command = plan

  variables {
    api = { url = "shop.example.com/t" }
  }

  expect_failures = [var.api]
}
