module "task" {
  source = "../../../../terraform-modules/state-machine-tasks"

  reports = { bucket = var.buckets.lake.name }
}

locals {
  caught  = { ErrorEquals = ["States.ALL"], ResultPath = "$.failure" }
  counted = "States.Format('Run {}. Counts: {} Reasons: {}', $$.Execution.Name, States.JsonToString($.result.report.counts), States.JsonToString($.result.report.reasons))"

  definition = {
    Comment        = "Store files of one batch: validate, load, look at them as a reader would, and tell ${var.project}-alerts."
    StartAt        = "Validate"
    TimeoutSeconds = var.capacity.timeout_minutes * 60 * 3

    States = {
      Validate = {
        Type           = "Task"
        Resource       = "arn:${local.partition}:states:::lambda:invoke"
        Parameters     = { FunctionName = module.validator.arn, Payload = { "run_id.$" = "$$.Execution.Name", "files.$" = "$.files" } }
        ResultSelector = { "counts.$" = "$.Payload" }
        ResultPath     = "$.validated"
        TimeoutSeconds = 900
        # Its ledger makes it safe to repeat.
        Retry = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 5, BackoffRate = 2, MaxAttempts = 3 }]
        Catch = [merge(local.caught, { Next = "NotifyFailure" })]
        Next  = "AnythingToLoad"
      }

      AnythingToLoad = {
        Type = "Choice"
        Choices = [
          { Variable = "$.validated.counts.accepted", NumericGreaterThan = 0, Next = "Ingest" },
          { Variable = "$.validated.counts.refused", NumericGreaterThan = 0, Next = "ReadCounts" },
        ]
        Default = "NothingNew"
      }

      # Other executions have these files, or they were deleted.
      NothingNew = { Type = "Succeed" }

      Ingest = merge(module.task.run_job, {
        Parameters     = { JobName = module.job.name, Arguments = { "--run_id.$" = "$$.Execution.Name" } }
        TimeoutSeconds = var.capacity.timeout_minutes * 60
        ResultPath     = "$.ingested"
        Catch          = [merge(local.caught, { Next = "ReadReasons" })]
        Next           = "ReadCounts"
      })

      ReadCounts = merge(module.task.read_report, {
        Catch = [merge(local.caught, { Next = "NotifyFailure" })]
        Next  = "EveryTable"
      })

      # What was loaded is looked up in the catalogue and counted by Athena: what a reader cannot see has not arrived.
      EveryTable = {
        Type       = "Map"
        ItemsPath  = "$.result.report.published"
        ResultPath = "$.tables"
        Catch      = [merge(local.caught, { Next = "NotifyUnseen" })]
        Next       = "NotifySuccess"
        ItemProcessor = {
          ProcessorConfig = { Mode = "INLINE" }
          StartAt         = "Catalogue"
          States = {
            Catalogue = {
              Type           = "Task"
              Resource       = "arn:${local.partition}:states:::aws-sdk:glue:getTable"
              Parameters     = { "DatabaseName.$" = "$.database", "Name.$" = "$.table" }
              ResultSelector = { "metadata.$" = "$.Table.Parameters.metadata_location" }
              ResultPath     = "$.catalogue"
              TimeoutSeconds = 60
              Next           = "Quality"
            }
            Quality = {
              Type           = "Task"
              Resource       = "arn:${local.partition}:states:::athena:startQueryExecution.sync"
              Parameters     = { "QueryString.$" = "$.query", WorkGroup = var.athena.workgroup }
              ResultSelector = { "id.$" = "$.QueryExecution.QueryExecutionId" }
              ResultPath     = "$.asked"
              TimeoutSeconds = 900
              Retry          = [{ ErrorEquals = ["Athena.TooManyRequestsException"], IntervalSeconds = 10, BackoffRate = 2, MaxAttempts = 5 }]
              Next           = "Answer"
            }
            Answer = {
              Type           = "Task"
              Resource       = "arn:${local.partition}:states:::athena:getQueryResults"
              Parameters     = { "QueryExecutionId.$" = "$.asked.id" }
              ResultSelector = { "passed.$" = "$.ResultSet.Rows[1].Data[0].VarCharValue" }
              ResultPath     = "$.answer"
              TimeoutSeconds = 60
              Next           = "Passed"
            }
            Passed = {
              Type    = "Choice"
              Choices = [{ Variable = "$.answer.passed", StringEquals = "true", Next = "Seen" }]
              Default = "Unseen"
            }
            Seen = { Type = "Succeed" }
            Unseen = {
              Type  = "Fail"
              Error = "RowsUnseen"
              Cause = "Athena does not count in the table what the job has loaded, or finds a key twice."
            }
          }
        }
      }

      NotifySuccess = merge(module.task.notify, {
        Parameters = { TopicArn = var.alerts_topic_arn, "Subject.$" = "$.result.report.subject", "Message.$" = local.counted }
        End        = true
      })

      NotifyUnseen = merge(module.task.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: FAILED its last check"
          "Message.$" = "States.Format('Run {} loaded its files, but readers do not see all. Counts: {} Error: {} Cause: {}', $$.Execution.Name, States.JsonToString($.result.report.counts), $.failure.Error, $.failure.Cause)"
        }
        Next = "Failed"
      })

      # A run that failed by itself says why in its report; one that died before has only Glue's error.
      ReadReasons = merge(module.task.read_report, {
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.noReport", Next = "NotifyFailure" }]
        Next  = "NotifyReasons"
      })

      NotifyReasons = merge(module.task.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: FAILED"
          "Message.$" = "States.Format('Run {} failed; nothing of its files counts twice, `retail replay-files` loads them again. Reasons: {} Error: {}', $$.Execution.Name, States.JsonToString($.result.report.reasons), $.failure.Error)"
        }
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.noReasons", Next = "NotifyFailure" }]
        Next  = "Failed"
      })

      NotifyFailure = merge(module.task.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: FAILED"
          "Message.$" = "States.Format('Run {} failed; `retail replay-files` loads its files again. Error: {} Cause: {}', $$.Execution.Name, $.failure.Error, $.failure.Cause)"
        }
        Next = "Failed"
      })

      Failed = module.task.failed
    }
  }
}
