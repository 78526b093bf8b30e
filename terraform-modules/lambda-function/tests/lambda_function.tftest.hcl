mock_provider "aws" {
  source = "../mocks"
}

variables {
  project     = "shop"
  name        = "clean"
  description = "Cleans."
  kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one"
  policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  # Any file that exists stands in for a zip: the mocked provider uploads nothing.
  code = { zip = "versions.tf", handler = "shop.clean.handler" }
}

run "runs_on_lambdas_python_with_its_own_log_group" {
  assert {
    condition     = aws_lambda_function.this.runtime == "python3.11" && aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/shop-clean"
    error_message = "Artifacts are built for python3.11; logs go to the group that Terraform owns."
  }
}

run "outside_a_vpc_it_may_not_touch_network_interfaces" {
  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0 && !contains(flatten(data.aws_iam_policy_document.own.statement[*].actions), "ec2:CreateNetworkInterface")
    error_message = "Network rights belong to functions in a VPC only."
  }
}

run "inside_a_vpc_it_attaches_to_its_own_subnets_only" {
  variables {
    network = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.own.statement : statement.resources if contains(statement.actions, "ec2:CreateNetworkInterface")
      ]) == toset([
      "arn:aws:ec2:eu-central-1:111122223333:network-interface/*",
      "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-1",
      "arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-1",
    ])
    error_message = "The role must name its subnets and security groups."
  }
}

run "a_missing_zip_says_what_to_run" {
  command = plan

  variables {
    code = { zip = "no-such.zip", handler = "shop.clean.handler" }
  }

  expect_failures = [aws_lambda_function.this]
}

run "concurrency_is_reserved_only_when_asked_for" {
  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == -1
    error_message = "A reservation takes from everybody else in the account."
  }
}

run "a_reservation_bounds_the_function" {
  variables {
    limits = { concurrency = 8 }
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 8
    error_message = "Reserved concurrency is what bounds the connections that a function opens."
  }
}
