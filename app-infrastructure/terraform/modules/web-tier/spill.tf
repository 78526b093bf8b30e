# Browse events that the stream did not take. The storefront puts them here, and takes them out when the stream is back.
resource "aws_sqs_queue" "spill" {
  name                              = "${var.project}-browse-events-spill"
  message_retention_seconds         = 1209600
  visibility_timeout_seconds        = 60
  receive_wait_time_seconds         = 20
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 300

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 20
  })
}

# Named by the spill queue, which is why it cannot name it back: its redrive_allow_policy is a resource of its own.
resource "aws_sqs_queue" "dead" {
  name                              = "${var.project}-browse-events-dead"
  message_retention_seconds         = 1209600
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 300
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url = aws_sqs_queue.dead.url

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.spill.arn]
  })
}
