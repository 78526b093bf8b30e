locals {
  stages = ["Extract", "Build", "Audit", "Publish"]

  # A stage that meets a busy or throttling Glue waits; one that fails by itself is tried once more, whole: every stage
  # of a run id can be repeated.
  retry = [
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

  stage_states = {
    for index, stage in local.stages : stage => {
      Type     = "Task"
      Resource = "arn:${data.aws_partition.current.partition}:states:::glue:startJobRun.sync"
      Parameters = {
        JobName = var.job.name
        Arguments = {
          "--stages"   = lower(stage)
          "--run_id.$" = "$$.Execution.Name"
        }
      }
      TimeoutSeconds = var.stage_timeout_minutes * 60
      ResultPath     = "$.${lower(stage)}"
      Retry          = local.retry
      Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "ReadReasons" }]
      Next           = try(local.stages[index + 1], "ReadCounts")
    }
  }

  read_report = {
    Type     = "Task"
    Resource = "arn:${data.aws_partition.current.partition}:states:::aws-sdk:s3:getObject"
    Parameters = {
      Bucket  = var.reports.bucket
      "Key.$" = "States.Format('${var.reports.prefix}{}/report.json', $$.Execution.Name)"
    }
    ResultSelector = { "report.$" = "States.StringToJson($.Body)" }
    ResultPath     = "$.result"
    TimeoutSeconds = 60
  }

  notify = {
    Type           = "Task"
    Resource       = "arn:${data.aws_partition.current.partition}:states:::sns:publish"
    TimeoutSeconds = 60
    ResultPath     = "$.notification"
    Retry          = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 5, BackoffRate = 2, MaxAttempts = 3 }]
  }

  definition = {
    Comment        = "Source database to published star schema, one Glue run a stage; tells ${var.project}-alerts how it went."
    StartAt        = local.stages[0]
    TimeoutSeconds = var.stage_timeout_minutes * 60 * length(local.stages) * 2

    States = merge(local.stage_states, {
      ReadCounts = merge(local.read_report, {
        Next  = "NotifySuccess"
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "NotifyUncounted" }]
      })

      NotifySuccess = merge(local.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: published"
          "Message.$" = "States.Format('Run {} is published. Counts: {}', $$.Execution.Name, States.JsonToString($.result.report.counts))"
        }
        End = true
      })

      NotifyUncounted = merge(local.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: published, report unreadable"
          "Message.$" = "States.Format('Run {} is published, but its report cannot be read. Error: {} Cause: {}', $$.Execution.Name, $.failure.Error, $.failure.Cause)"
        }
        Next = "Failed"
      })

      # A run that failed its audit says why in its report; one that died before has only Glue's error.
      ReadReasons = merge(local.read_report, {
        Next  = "NotifyReasons"
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.noReport", Next = "NotifyFailure" }]
      })

      NotifyReasons = merge(local.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: FAILED"
          "Message.$" = "States.Format('Run {} failed; the last published version is untouched. Reasons: {} Error: {}', $$.Execution.Name, States.JsonToString($.result.report.reasons), $.failure.Error)"
        }
        Next  = "Failed"
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.noReasons", Next = "NotifyFailure" }]
      })

      NotifyFailure = merge(local.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: FAILED"
          "Message.$" = "States.Format('Run {} failed; the last published version is untouched. Error: {} Cause: {}', $$.Execution.Name, $.failure.Error, $.failure.Cause)"
        }
        Next = "Failed"
      })

      Failed = {
        Type      = "Fail"
        ErrorPath = "$.failure.Error"
        CausePath = "$.failure.Cause"
      }
    })
  }
}
