locals {
  name = "${var.project}-retraining"

  # A job that meets a busy or throttling Glue waits; one that fails by itself is tried once more, whole.
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

  run_job = {
    Type           = "Task"
    Resource       = "arn:${data.aws_partition.current.partition}:states:::glue:startJobRun.sync"
    TimeoutSeconds = 10800
    Retry          = local.retry
    Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "NotifyFailure" }]
  }

  notify = {
    Type           = "Task"
    Resource       = "arn:${data.aws_partition.current.partition}:states:::sns:publish"
    TimeoutSeconds = 60
    ResultPath     = "$.notification"
    Retry          = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 5, BackoffRate = 2, MaxAttempts = 3 }]
  }

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

      ReadReport = {
        Type     = "Task"
        Resource = "arn:${data.aws_partition.current.partition}:states:::aws-sdk:s3:getObject"
        Parameters = {
          Bucket  = var.lake_bucket.name
          "Key.$" = "States.Format('runs/{}/report.json', $$.Execution.Name)"
        }
        ResultSelector = { "report.$" = "States.StringToJson($.Body)" }
        ResultPath     = "$.result"
        TimeoutSeconds = 60
        Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "NotifyFailure" }]
        Next           = "Promoted"
      }

      Promoted = {
        Type    = "Choice"
        Choices = [for decision in ["refused", "unchanged"] : { Variable = "$.result.report.decision", StringEquals = decision, Next = "NotifyDecision" }]
        Default = "Load"
      }

      # The database refuses what finds too few of the true neighbours; the version before then goes on serving.
      Load = {
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
        Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "NotifyFailure" }]
        Next           = "NotifyDecision"
      }

      NotifyDecision = merge(local.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: trained"
          "Message.$" = "States.Format('Run {} trained model {}: {}. {}', $$.Execution.Name, $.result.report.model_version, $.result.report.decision, States.JsonToString($.result.report.reasons))"
        }
        End = true
      })

      NotifyFailure = merge(local.notify, {
        Parameters = {
          TopicArn    = var.alerts_topic_arn
          Subject     = "${local.name}: FAILED"
          "Message.$" = "States.Format('Run {} failed; the live model goes on serving. Error: {} Cause: {}', $$.Execution.Name, $.failure.Error, $.failure.Cause)"
        }
        Next = "Failed"
      })

      Failed = {
        Type      = "Fail"
        ErrorPath = "$.failure.Error"
        CausePath = "$.failure.Cause"
      }
    }
  }
}

resource "aws_sfn_state_machine" "this" {
  name       = local.name
  type       = "STANDARD"
  role_arn   = aws_iam_role.machine.arn
  definition = jsonencode(local.definition)

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions tries its rights when the machine is made.
  depends_on = [aws_iam_role_policy.machine]
}

# Vended logs keep their resource policy short only under this prefix.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/vendedlogs/states/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_scheduler_schedule" "this" {
  name                         = local.name
  description                  = "Starts ${local.name}."
  schedule_expression          = var.schedule.expression
  schedule_expression_timezone = var.schedule.time_zone
  state                        = var.schedule.enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.this.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ startedBy = "schedule" })

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "machine" {
  for_each = toset(["ExecutionsAborted", "ExecutionsFailed", "ExecutionsTimedOut"])

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "${local.name} did not finish: ${each.key}."
  namespace           = "AWS/States"
  metric_name         = each.key
  dimensions          = { StateMachineArn = aws_sfn_state_machine.this.arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic_arn]
}
