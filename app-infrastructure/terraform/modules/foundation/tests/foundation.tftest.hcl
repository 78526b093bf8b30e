mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:111122223333:shop-alerts" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:111122223333:key/one" }
  }
}

variables {
  project             = "shop"
  monthly_budget_usd  = 50
  deletion_protection = true
}

run "the_key_rotates" {
  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key must rotate."
  }
}

run "services_use_the_key_for_this_account_only" {
  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.key.statement :
      length(statement.condition) > 0 if one(statement.principals).type == "Service"
    ])
    error_message = "A service principal without a condition may be a confused deputy."
  }
}

run "alarms_can_be_published_to_the_encrypted_topic" {
  assert {
    condition = alltrue([
      for service in ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] : anytrue([
        for statement in data.aws_iam_policy_document.key.statement : contains(one(statement.principals).identifiers, service)
        ]) && anytrue([
        for statement in data.aws_iam_policy_document.alerts.statement : contains(one(statement.principals).identifiers, service)
      ])
    ])
    error_message = "A publisher needs both the topic's policy and the key's, or its alarms vanish."
  }
}

run "every_address_is_subscribed" {
  variables {
    alert_emails = ["a@example.com", "b@example.com"]
  }

  assert {
    condition     = toset(values(aws_sns_topic_subscription.email)[*].endpoint) == toset(["a@example.com", "b@example.com"])
    error_message = "Each address needs its subscription."
  }
}
