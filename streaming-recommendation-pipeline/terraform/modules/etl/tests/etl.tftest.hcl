mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"
}

variables {
  project          = "shop"
  account_id       = "111122223333"
  lake_bucket      = { name = "shop-lake", arn = "arn:aws:s3:::shop-lake" }
  artifacts        = { dir = "tests/artifacts", bucket = "shop-artifacts" }
  schedule         = { expression = "cron(0 4 * * ? *)", time_zone = "Europe/Berlin", enabled = true }
  alerts_topic_arn = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/one"
}

run "the_jobs_have_their_contracted_names_and_order" {
  assert {
    condition     = output.job_names == ["shop-ml-etl-job", "shop-train-embeddings"]
    error_message = "The training table comes before the training."
  }

  assert {
    condition     = local.definition.States.Prepare.Next == "Train"
    error_message = "The machine trains on the table that it has just made."
  }
}

run "a_failure_is_told_and_the_machine_fails" {
  assert {
    condition = alltrue([
      for state in ["Prepare", "Train", "ReadReport", "Load"] :
      local.definition.States[state].Catch[0].Next == "NotifyFailure"
    ])
    error_message = "Every step that can fail leads to the alerts topic."
  }

  assert {
    condition     = local.definition.States.NotifyFailure.Next == "Failed"
    error_message = "A failure that was told is still a failure."
  }
}

run "what_the_gate_refuses_is_not_loaded" {
  assert {
    condition     = local.definition.States.Promoted.Choices[0] == { Variable = "$.result.report.serves", StringEquals = "live", Next = "NotifyDecision" }
    error_message = "A version that was refused must not take the place of a live one."
  }
}
