# A Python function with its role and log group; what it may do comes from the caller.
locals {
  name = "${var.project}-${var.name}"
}

resource "aws_lambda_function" "this" {
  function_name    = local.name
  description      = var.description
  role             = aws_iam_role.this.arn
  runtime          = "python3.11"
  architectures    = ["x86_64"]
  handler          = var.code.handler
  filename         = var.code.zip
  source_code_hash = fileexists(var.code.zip) ? filebase64sha256(var.code.zip) : null
  layers           = var.code.layer_arns
  memory_size      = var.limits.memory_mb
  timeout          = var.limits.timeout_seconds
  kms_key_arn      = var.kms_key_arn

  # -1 is Lambda's word for none reserved.
  reserved_concurrent_executions = coalesce(var.limits.concurrency, -1)

  environment {
    variables = var.environment
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    precondition {
      condition     = fileexists(var.code.zip)
      error_message = "${var.code.zip} is missing: run `make package` first."
    }
  }

  # A function that starts before its rights are there fails its first call.
  depends_on = [aws_iam_role_policy.own, aws_iam_role_policy.given]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}
