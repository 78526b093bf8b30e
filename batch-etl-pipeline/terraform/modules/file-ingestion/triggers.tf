# S3 tells EventBridge, which tells a queue; the intake takes what a window gathered, so that a thousand small files are
# one run of the job.
resource "aws_cloudwatch_event_rule" "arrived" {
  name        = "${local.name}-arrived"
  description = "A file has arrived under store-files/ of the landing bucket."

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail      = { bucket = { name = [var.buckets.landing.name] }, object = { key = [{ prefix = "store-files/" }] } }
  })
}

resource "aws_cloudwatch_event_target" "queue" {
  rule      = aws_cloudwatch_event_rule.arrived.name
  target_id = "queue"
  arn       = aws_sqs_queue.arrivals.arn
  role_arn  = module.events_role.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead.arn
  }
}

resource "aws_sqs_queue" "arrivals" {
  name                              = "${var.project}-store-files"
  message_retention_seconds         = 1209600
  visibility_timeout_seconds        = 6 * local.intake_timeout + var.batch.window_seconds # "Using Lambda with Amazon SQS"
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 300

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 5
  })
}

# Named by the other queue, which is why it cannot name it back: its redrive_allow_policy is a resource of its own.
# EventBridge's own dead letters come without a role and without aws:SourceAccount, so SQS's key serves, not the platform's.
resource "aws_sqs_queue" "dead" {
  name                      = "${var.project}-store-files-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url = aws_sqs_queue.dead.url

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.arrivals.arn]
  })
}

# EventBridge's dead letters come by the queue's policy, whatever role the target has.
resource "aws_sqs_queue_policy" "dead" {
  queue_url = aws_sqs_queue.dead.url
  policy    = data.aws_iam_policy_document.dead.json
}

data "aws_iam_policy_document" "dead" {
  statement {
    sid       = "EventsThatCouldNotBeDelivered"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.arrived.arn]
    }
  }
}

resource "aws_lambda_event_source_mapping" "intake" {
  event_source_arn                   = aws_sqs_queue.arrivals.arn
  function_name                      = module.intake.arn
  batch_size                         = var.batch.files
  maximum_batching_window_in_seconds = var.batch.window_seconds
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }
}
