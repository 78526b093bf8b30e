mock_provider "aws" {
  source = "../mocks"
}

variables {
  project     = "shop"
  role        = "lake"
  kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one"
}

run "name_says_project_role_account_and_region" {
  assert {
    condition     = aws_s3_bucket.this.bucket == "shop-lake-111122223333-eu-central-1"
    error_message = "The name must be <project>-<role>-<account>-<region>."
  }
}

run "objects_are_encrypted_with_the_given_key" {
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    error_message = "The bucket must use the platform's key."
  }
}

run "lifecycle_never_touches_current_objects" {
  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : length(rule.expiration) == 0 && length(rule.transition) == 0])
    error_message = "Current objects are Iceberg's to delete."
  }
}

run "a_role_with_capitals_is_refused" {
  command = plan

  variables {
    role = "Lake"
  }

  expect_failures = [var.role]
}
