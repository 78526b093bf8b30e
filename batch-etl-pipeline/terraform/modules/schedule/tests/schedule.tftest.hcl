mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"
}

variables {
  project          = "shop"
  job              = { name = "shop-etl-job", arn = "arn:aws:glue:eu-central-1:111122223333:job/shop-etl-job" }
  reports          = { bucket = "shop-lake" }
  alerts_topic_arn = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/one"
}

run "stages_follow_each_other_and_end_in_a_notification" {
  assert {
    condition = [for state in ["Extract", "Build", "Audit", "Publish", "ReadCounts"] : local.definition.States[state].Next] == [
      "Build", "Audit", "Publish", "ReadCounts", "NotifySuccess"
    ]
    error_message = "Extract, build, audit, publish, notify."
  }
}

run "every_stage_shares_the_executions_run_id_and_is_bounded" {
  assert {
    condition = alltrue([
      for stage in ["Extract", "Build", "Audit", "Publish"] :
      local.definition.States[stage].Parameters.Arguments["--run_id.$"] == "$$.Execution.Name"
      && local.definition.States[stage].TimeoutSeconds == 3600
      && length(local.definition.States[stage].Catch) == 1
    ])
    error_message = "One run id, a time-out and a catch for every stage."
  }
}

run "every_way_out_but_success_ends_failed" {
  assert {
    condition = toset([
      for name, state in local.definition.States : name if try(state.End, false) || state.Type == "Fail"
    ]) == toset(["NotifySuccess", "Failed"])
    error_message = "A night that did not publish must not end in success."
  }
}
