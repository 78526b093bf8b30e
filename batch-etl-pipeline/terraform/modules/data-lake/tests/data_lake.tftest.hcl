mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"
}

variables {
  project             = "shop"
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
}

run "every_role_has_its_bucket" {
  assert {
    condition     = keys(output.buckets) == ["athena-results", "lake", "landing"]
    error_message = "Landing, lake and Athena's results are apart."
  }
}

run "the_lock_is_one_item_a_name_and_expires" {
  assert {
    condition     = aws_dynamodb_table.publish_lock.name == "shop-publish-lock" && aws_dynamodb_table.publish_lock.hash_key == "lockName" && one(aws_dynamodb_table.publish_lock.ttl).attribute_name == "expiresAt"
    error_message = "The job and maintenance find the lock by these names."
  }
}

run "what_lands_is_told_to_eventbridge" {
  assert {
    condition     = aws_s3_bucket_notification.landing.eventbridge && aws_s3_bucket_notification.landing.bucket == module.bucket["landing"].name
    error_message = "Without it no file that arrives starts anything."
  }
}
