locals {
  landing_files = "${var.buckets.landing.arn}/store-files/*"
}

# A version is read by its id, so that an overwritten file is read as it arrived. Without ListBucket S3 answers 403 for a
# file that is gone.
data "aws_iam_policy_document" "read_files" {
  statement {
    sid       = "ReadFiles"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = [local.landing_files]
  }

  statement {
    sid       = "FindFiles"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.landing.arn]
  }

  statement {
    sid       = "KeepTheLedger"
    actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.ledger.arn]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "intake" {
  source_policy_documents = [data.aws_iam_policy_document.read_files.json]

  statement {
    sid       = "StartTheMachine"
    actions   = ["states:StartExecution"]
    resources = [local.machine_arn]
  }

  statement {
    sid       = "TakeFromTheQueue"
    actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [aws_sqs_queue.arrivals.arn]
  }
}

data "aws_iam_policy_document" "validator" {
  source_policy_documents = [data.aws_iam_policy_document.read_files.json]

  statement {
    sid       = "ReadContracts"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.lake.arn}/contracts/*"]
  }

  statement {
    sid       = "FindContracts"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.lake.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["contracts/*"]
    }
  }

  statement {
    sid       = "WriteFindings"
    actions   = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = ["${var.buckets.lake.arn}/quarantine/store_files/*", "${var.buckets.lake.arn}/runs/*"]
  }
}

# What the job does beside what every job of the lake does.
resource "aws_iam_role_policy" "job" {
  name   = "store-files"
  role   = module.job.role_name
  policy = data.aws_iam_policy_document.read_files.json
}

module "machine_role" {
  source = "../../../../terraform-modules/service-role"

  name        = local.name
  description = "Role of the state machine ${local.name}."
  account_id  = local.account
  policy      = { name = "ingest-files", json = data.aws_iam_policy_document.machine.json }
  trusted     = { service = "states.amazonaws.com", source_arn = local.machine_arn }
}

data "aws_iam_policy_document" "machine" {
  statement {
    sid       = "Validate"
    actions   = ["lambda:InvokeFunction"]
    resources = [module.validator.arn, "${module.validator.arn}:*"]
  }

  statement {
    sid       = "RunTheJob"
    actions   = ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]
    resources = [module.job.arn]
  }

  statement {
    sid     = "LookUpTheCatalogue"
    actions = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"]
    resources = [
      "${local.glue_arn}:catalog",
      "${local.glue_arn}:database/${local.database}",
      "${local.glue_arn}:table/${local.database}/*",
    ]
  }

  statement {
    sid       = "AskAthena"
    actions   = ["athena:GetQueryExecution", "athena:GetQueryResults", "athena:StartQueryExecution", "athena:StopQueryExecution"]
    resources = ["arn:${local.partition}:athena:${local.here}:workgroup/${var.athena.workgroup}"]
  }

  statement {
    sid       = "ReadReportsAndTables"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.lake.arn}/runs/*", "${var.buckets.lake.arn}/silver/*"]
  }

  statement {
    sid       = "FindTables"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.buckets.lake.arn, var.athena.results.arn]
  }

  statement {
    sid       = "KeepAnswers"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${var.athena.results.arn}/*"]
  }

  statement {
    sid       = "Notify"
    actions   = ["sns:Publish"]
    resources = [var.alerts_topic_arn]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    # CloudWatch's log delivery and X-Ray know no resources for these.
    sid = "LogAndTrace"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }
}

# A role, not the queue's policy: EventBridge sends no aws:SourceAccount to an encrypted queue's key.
module "events_role" {
  source = "../../../../terraform-modules/service-role"

  name        = "${local.name}-events"
  description = "Lets EventBridge put arrivals into the queue."
  account_id  = local.account
  trusted     = { service = "events.amazonaws.com", source_arn = "arn:${local.partition}:events:${local.here}:rule/${local.name}-arrived" }
  policy      = { name = "queue-arrivals", json = data.aws_iam_policy_document.events.json }
}

data "aws_iam_policy_document" "events" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.arrivals.arn]
  }

  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}
