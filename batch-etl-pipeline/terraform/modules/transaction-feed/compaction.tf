# Every night the small files of the days before become one a day. Between the two steps readers finish with the old ones:
# Athena ends a query after 30 minutes.
locals {
  call = {
    Type           = "Task"
    Resource       = "arn:${local.partition}:states:::lambda:invoke"
    TimeoutSeconds = 900
    Retry          = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 60, BackoffRate = 2, MaxAttempts = 3 }]
  }

  compaction = {
    Comment = "Small files of past days to one file a day. Every step can be repeated."
    StartAt = "Compact"

    States = {
      Compact = merge(local.call, {
        Parameters     = { FunctionName = module.function["compactor"].name, Payload = { step = "compact" } }
        ResultSelector = { "moves.$" = "$.Payload.moves" }
        Next           = "LetReadersFinish"
      })

      LetReadersFinish = {
        Type    = "Wait"
        Seconds = var.compaction.grace_minutes * 60
        Next    = "Clean"
      }

      Clean = merge(local.call, {
        Parameters     = { FunctionName = module.function["compactor"].name, Payload = { step = "clean", "moves.$" = "$.moves" } }
        ResultSelector = { "removed.$" = "$.Payload.removed" }
        End            = true
      })
    }
  }
}

module "compaction" {
  source = "../../../../terraform-modules/scheduled-state-machine"

  project            = var.project
  name               = "transaction-compaction"
  account_id         = var.account_id
  definition         = jsonencode(local.compaction)
  policy_json        = data.aws_iam_policy_document.compaction.json
  schedule           = { expression = var.compaction.expression, enabled = var.compaction.enabled }
  alerts_topic_arn   = var.alerts_topic_arn
  kms_key_arn        = var.kms_key_arn
  log_retention_days = var.log_retention_days
}

data "aws_iam_policy_document" "compaction" {
  statement {
    sid       = "CallTheCompactor"
    actions   = ["lambda:InvokeFunction"]
    resources = [module.function["compactor"].arn]
  }
}
