# What starts the functions, and where an event goes that they could not take.
resource "aws_cloudwatch_event_rule" "every_five_minutes" {
  name                = module.function["generator"].name
  description         = "Makes transactions every five minutes."
  schedule_expression = "rate(5 minutes)"
  state               = var.generator.enabled ? "ENABLED" : "DISABLED"
}

resource "aws_cloudwatch_event_rule" "raw_file" {
  name        = module.function["transformer"].name
  description = "A raw file of transactions has landed."

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [var.landing_bucket.name] }
      object = { key = [{ prefix = local.raw_prefix }] }
    }
  })
}

locals {
  triggers = {
    generator   = aws_cloudwatch_event_rule.every_five_minutes
    transformer = aws_cloudwatch_event_rule.raw_file
  }
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.triggers

  rule      = each.value.name
  target_id = "function"
  arn       = module.function[each.key].arn

  # Lambda took the event or it did not; what the function makes of it is Lambda's to repeat.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.failed.arn
  }

  depends_on = [aws_lambda_permission.this]
}

resource "aws_lambda_permission" "this" {
  for_each = local.triggers

  statement_id   = "EventBridge"
  action         = "lambda:InvokeFunction"
  function_name  = module.function[each.key].name
  principal      = "events.amazonaws.com"
  source_arn     = each.value.arn
  source_account = var.account_id
}

resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = local.triggers

  function_name                = module.function[each.key].name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed.arn
    }
  }
}

# Names of objects and no data, so SQS's own key serves: EventBridge sends no aws:SourceAccount to a customer's key.
resource "aws_sqs_queue" "failed" {
  name                      = "${var.project}-transaction-feed-failed"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "failed" {
  queue_url = aws_sqs_queue.failed.url
  policy    = data.aws_iam_policy_document.failed.json
}

data "aws_iam_policy_document" "failed" {
  statement {
    sid       = "EventBridgeKeepsWhatItCouldNotDeliver"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failed.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for rule in local.triggers : rule.arn]
    }
  }

  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.failed.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
