output "run_job" {
  description = "Runs a Glue job to its end; add Parameters, TimeoutSeconds, Catch and Next."
  value = {
    Type     = "Task"
    Resource = "${local.integration}glue:startJobRun.sync"

    # A job that meets a busy or throttling Glue waits; one that fails by itself is tried once more, whole.
    Retry = [
      {
        ErrorEquals     = ["Glue.ConcurrentRunsExceededException", "Glue.ThrottlingException", "Glue.InternalServiceException", "Glue.OperationTimeoutException", "Glue.ResourceNumberLimitExceededException"]
        IntervalSeconds = 30
        BackoffRate     = 2
        MaxAttempts     = 6
      },
      {
        ErrorEquals     = ["States.TaskFailed"]
        IntervalSeconds = 15
        MaxAttempts     = 1
      },
    ]
  }
}

output "read_report" {
  description = "Puts the execution's report at $.result.report; add Catch and Next."
  value = {
    Type     = "Task"
    Resource = "${local.integration}aws-sdk:s3:getObject"
    Parameters = {
      Bucket  = var.reports.bucket
      "Key.$" = "States.Format('${var.reports.prefix}{}/report.json', $$.Execution.Name)"
    }
    ResultSelector = { "report.$" = "States.StringToJson($.Body)" }
    ResultPath     = "$.result"
    TimeoutSeconds = 60
  }
}

output "notify" {
  description = "Tells a topic; add Parameters, and Next or End."
  value = {
    Type           = "Task"
    Resource       = "${local.integration}sns:publish"
    TimeoutSeconds = 60
    ResultPath     = "$.notification"
    Retry          = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 5, BackoffRate = 2, MaxAttempts = 3 }]
  }
}

output "failed" {
  description = "Ends the execution with what a Catch put at $.failure: a failure that was told is still a failure."
  value = {
    Type      = "Fail"
    ErrorPath = "$.failure.Error"
    CausePath = "$.failure.Cause"
  }
}
