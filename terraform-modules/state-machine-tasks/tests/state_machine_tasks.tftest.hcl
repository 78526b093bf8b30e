mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws-cn" }
  }
}

variables {
  reports = { bucket = "shop-lake" }
}

run "tasks_stay_in_their_partition" {
  assert {
    condition = [output.run_job.Resource, output.read_report.Resource, output.notify.Resource] == [
      "arn:aws-cn:states:::glue:startJobRun.sync", "arn:aws-cn:states:::aws-sdk:s3:getObject", "arn:aws-cn:states:::sns:publish"
    ]
    error_message = "An integration of another partition does not exist."
  }
}

run "a_report_is_found_by_its_execution" {
  assert {
    condition     = output.read_report.Parameters["Key.$"] == "States.Format('runs/{}/report.json', $$.Execution.Name)"
    error_message = "Another run's report must not be taken for this one's."
  }
}

run "every_wait_is_bounded" {
  assert {
    condition     = alltrue([for retry in concat(output.run_job.Retry, output.notify.Retry) : retry.MaxAttempts <= 6]) && output.notify.TimeoutSeconds == 60 && output.read_report.TimeoutSeconds == 60
    error_message = "A machine that waits for ever tells nobody."
  }
}
