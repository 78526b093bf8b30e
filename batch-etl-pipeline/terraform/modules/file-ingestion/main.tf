# Files that stores send: noticed by EventBridge, gathered in a queue, validated, loaded, looked at through Athena, told.
locals {
  name      = "${var.project}-file-ingestion"
  database  = var.databases.silver
  partition = data.aws_partition.current.partition
  here      = "${data.aws_region.current.name}:${local.account}"
  account   = data.aws_caller_identity.current.account_id
  glue_arn  = "arn:${local.partition}:glue:${local.here}"

  # Composed: the machine's role, and the function that starts it, need it first.
  machine_arn = "arn:${local.partition}:states:${local.here}:stateMachine:${local.name}"
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

resource "aws_sfn_state_machine" "this" {
  name       = local.name
  type       = "STANDARD"
  role_arn   = module.machine_role.arn
  definition = jsonencode(local.definition)

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.machine.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }
}

# Vended logs keep their resource policy short only under this prefix.
resource "aws_cloudwatch_log_group" "machine" {
  name              = "/aws/vendedlogs/states/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# Which object versions arrived, what became of each, and how many rows it had.
resource "aws_dynamodb_table" "ledger" {
  name                        = "${var.project}-file-ledger"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "objectKey"
  range_key                   = "versionId"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "objectKey"
    type = "S"
  }

  attribute {
    name = "versionId"
    type = "S"
  }

  attribute {
    name = "status"
    type = "S"
  }

  attribute {
    name = "receivedAt"
    type = "S"
  }

  global_secondary_index {
    name            = "by-status"
    hash_key        = "status"
    range_key       = "receivedAt"
    projection_type = "ALL"
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  point_in_time_recovery {
    enabled = true
  }
}
