mock_provider "aws" {
  source = "../mocks"
}

variables {
  name        = "shop-nightly"
  description = "Role of the state machine shop-nightly."
  account_id  = "111122223333"
  trusted     = { service = "states.amazonaws.com", source_arn = "arn:aws:states:eu-central-1:111122223333:stateMachine:shop-nightly" }
  policy      = { name = "run", json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
}

run "one_service_takes_it_for_one_account_and_resource" {
  assert {
    condition     = one(data.aws_iam_policy_document.trust.statement[0].principals).identifiers == toset(["states.amazonaws.com"])
    error_message = "Nobody else may take the role."
  }

  assert {
    condition = { for condition in data.aws_iam_policy_document.trust.statement[0].condition : condition.variable => condition.values } == {
      "aws:SourceAccount" = tolist(["111122223333"])
      "aws:SourceArn"     = tolist(["arn:aws:states:eu-central-1:111122223333:stateMachine:shop-nightly"])
    }
    error_message = "The service must not be talked into it by another account or resource."
  }
}

run "a_principal_that_is_no_service_is_refused" {
  command = plan

  variables {
    trusted = { service = "*", source_arn = "*" }
  }

  expect_failures = [var.trusted]
}
