module "task" {
  source = "../../../../terraform-modules/state-machine-tasks"

  reports = var.reports
}

locals {
  # Every stage of a run id can be repeated.
  stages = ["Extract", "Build", "Audit", "Publish"]

  stage_states = {
    for index, stage in local.stages : stage => merge(module.task.run_job, {
      Parameters = {
        JobName = var.job.name
        Arguments = {
          "--stages"   = lower(stage)
          "--run_id.$" = "$$.Execution.Name"
        }
      }
      TimeoutSeconds = var.stage_timeout_minutes * 60
      ResultPath     = "$.${lower(stage)}"
      Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "ReadReasons" }]
      Next           = try(local.stages[index + 1], "ReadCounts")
    })
  }

  definition = {
    Comment        = "Source database to published star schema, one Glue run a stage; tells ${var.project}-alerts how it went."
    StartAt        = local.stages[0]
    TimeoutSeconds = var.stage_timeout_minutes * 60 * length(local.stages) * 2

    States = merge(local.stage_states, {
      ReadCounts = merge(module.task.read_report, {
        Next  = "NotifySuccess"
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "NotifyUncounted" }]
      })

      NotifySuccess = merge(module.task.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: published"
          "Message.$" = "States.Format('Run {} is published. Counts: {}', $$.Execution.Name, States.JsonToString($.result.report.counts))"
        }
        End = true
      })

      NotifyUncounted = merge(module.task.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: published, report unreadable"
          "Message.$" = "States.Format('Run {} is published, but its report cannot be read. Error: {} Cause: {}', $$.Execution.Name, $.failure.Error, $.failure.Cause)"
        }
        Next = "Failed"
      })

      # A run that failed its audit says why in its report; one that died before has only Glue's error.
      ReadReasons = merge(module.task.read_report, {
        Next  = "NotifyReasons"
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.noReport", Next = "NotifyFailure" }]
      })

      NotifyReasons = merge(module.task.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: FAILED"
          "Message.$" = "States.Format('Run {} failed; the last published version is untouched. Reasons: {} Error: {}', $$.Execution.Name, States.JsonToString($.result.report.reasons), $.failure.Error)"
        }
        Next  = "Failed"
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.noReasons", Next = "NotifyFailure" }]
      })

      NotifyFailure = merge(module.task.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: FAILED"
          "Message.$" = "States.Format('Run {} failed; the last published version is untouched. Error: {} Cause: {}', $$.Execution.Name, $.failure.Error, $.failure.Cause)"
        }
        Next = "Failed"
      })

      Failed = module.task.failed
    })
  }
}
