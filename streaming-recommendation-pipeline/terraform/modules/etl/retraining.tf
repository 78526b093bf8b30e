# The machine that trains again, and makes live what passes the gate.
module "machine" {
  source = "../../../../terraform-modules/scheduled-state-machine"

  project          = var.project
  name             = "retraining"
  definition       = jsonencode(local.definition)
  policy_json      = data.aws_iam_policy_document.machine.json
  policy_names     = { machine = "retrain", scheduler = "start-retraining" }
  schedule         = var.schedule
  alerts_topic_arn = var.alerts_topic_arn
  kms_key_arn      = var.kms_key_arn
  account_id       = var.account_id
}

module "task" {
  source = "../../../../terraform-modules/state-machine-tasks"

  reports = { bucket = var.lake_bucket.name }
}

locals {
  name = "${var.project}-retraining"

  # A failure on the way is told, and ends the execution as failed.
  told = { Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "NotifyFailure" }] }

  run_job = merge(module.task.run_job, local.told, { TimeoutSeconds = 10800 })

  definition = {
    Comment        = "Training table, then model, then what passed the gate goes live; tells ${var.project}-alerts what the promotion gate said."
    StartAt        = "Prepare"
    TimeoutSeconds = 21600

    States = {
      Prepare = merge(local.run_job, {
        Parameters = {
          JobName   = module.ml_etl_job.name
          Arguments = { "--run_id.$" = "States.Format('{}-table', $$.Execution.Name)" }
        }
        ResultPath = "$.prepared"
        Next       = "Train"
      })

      Train = merge(local.run_job, {
        Parameters = {
          JobName   = module.train_job.name
          Arguments = { "--run_id.$" = "$$.Execution.Name" }
        }
        ResultPath = "$.trained"
        Next       = "ReadReport"
      })

      ReadReport = merge(module.task.read_report, local.told, { Next = "Promoted" })

      # Refused or unchanged: what is live goes on. A first version that was refused is loaded to serve what is popular.
      Promoted = {
        Type    = "Choice"
        Choices = [{ Variable = "$.result.report.serves", StringEquals = "live", Next = "NotifyDecision" }]
        Default = "Load"
      }

      # The database refuses what finds too few of the true neighbours; the version before then goes on serving.
      Load = merge(local.told, {
        Type     = "Task"
        Resource = "arn:${data.aws_partition.current.partition}:states:::lambda:invoke"
        Parameters = {
          FunctionName = local.loader_arn
          Payload      = { "version.$" = "$.result.report.model_version", reason = local.name }
        }
        ResultSelector = { "loaded.$" = "$.Payload" }
        ResultPath     = "$.live"
        TimeoutSeconds = 960
        Retry          = [{ ErrorEquals = ["Lambda.ServiceException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"], IntervalSeconds = 10, BackoffRate = 2, MaxAttempts = 4 }]
        Next           = "NotifyDecision"
      })

      NotifyDecision = merge(module.task.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: trained"
          "Message.$" = "States.Format('Run {} trained model {}: {}. {}', $$.Execution.Name, $.result.report.model_version, $.result.report.decision, States.JsonToString($.result.report.reasons))"
        }
        End = true
      })

      NotifyFailure = merge(module.task.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: FAILED"
          "Message.$" = "States.Format('Run {} failed; the live model goes on serving. Error: {} Cause: {}', $$.Execution.Name, $.failure.Error, $.failure.Cause)"
        }
        Next = "Failed"
      })

      Failed = module.task.failed
    }
  }
}
