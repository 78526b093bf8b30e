mock_provider "aws" {}

variables {
  project             = "shop"
  lake_bucket         = "shop-lake"
  results_bucket      = "shop-results"
  queries_dir         = "tests/queries"
  scan_limit_gib      = 10
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
}

run "databases_lie_in_the_lake_by_layer" {
  assert {
    condition     = { for layer, database in aws_glue_catalog_database.this : database.name => database.location_uri } == { shop_bronze = "s3://shop-lake/bronze/", shop_silver = "s3://shop-lake/silver/", shop_gold = "s3://shop-lake/gold/" }
    error_message = "Three layers, three prefixes."
  }
}

run "clients_cannot_escape_the_workgroups_limits" {
  assert {
    condition     = one(aws_athena_workgroup.analytics.configuration).enforce_workgroup_configuration && one(aws_athena_workgroup.analytics.configuration).bytes_scanned_cutoff_per_query == 10737418240
    error_message = "Limit and results' place are the workgroup's to choose."
  }
}

run "a_query_is_named_and_described_by_its_own_comment" {
  assert {
    condition     = aws_athena_named_query.this["revenue_by_month"].name == "Revenue by month" && aws_athena_named_query.this["revenue_by_month"].description == "One row a month; cancelled orders are left out."
    error_message = "First line names, the rest describes."
  }

  assert {
    condition     = strcontains(aws_athena_named_query.this["revenue_by_month"].query, "FROM shop_gold.fact_orders")
    error_message = "Another project has databases of its own."
  }
}

run "a_query_without_a_comment_is_refused" {
  command = plan

  variables {
    queries_dir = "tests/bad-queries"
  }

  expect_failures = [aws_athena_named_query.this]
}
