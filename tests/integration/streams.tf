# What the streaming tests apply: every argument of streams, mappings, deliveries and function URLs that the roots use.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
provider "aws" {
  default_tags { tags = { project = "streams-test" } }
}
variable "archive" { type = string }
resource "aws_iam_role" "r" {
  name               = "streams-test"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = ["lambda.amazonaws.com", "firehose.amazonaws.com", "rds.amazonaws.com"] }, Action = "sts:AssumeRole" }] })
}
resource "aws_s3_bucket" "lake" {
  bucket        = "streams-test-lake"
  force_destroy = true
}
resource "aws_kms_key" "k" {}
resource "aws_kinesis_stream" "events" {
  name             = "streams-test-events"
  retention_period = 48
  encryption_type  = "KMS"
  kms_key_id       = aws_kms_key.k.arn
  stream_mode_details { stream_mode = "ON_DEMAND" }
}
resource "aws_kinesis_stream_consumer" "fast" {
  name       = "fast"
  stream_arn = aws_kinesis_stream.events.arn
}
resource "aws_lambda_function" "f" {
  function_name                  = "streams-test"
  role                           = aws_iam_role.r.arn
  runtime                        = "python3.11"
  handler                        = "app.handler"
  filename                       = var.archive
  timeout                        = 30
  reserved_concurrent_executions = 5
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.f.function_name
  function_version = "$LATEST"
}
resource "aws_lambda_function_url" "u" {
  function_name      = aws_lambda_function.f.function_name
  authorization_type = "AWS_IAM"
}
resource "aws_lambda_event_source_mapping" "shared" {
  event_source_arn  = aws_kinesis_stream.events.arn
  function_name     = aws_lambda_alias.live.arn
  starting_position = "TRIM_HORIZON"
}
resource "aws_lambda_event_source_mapping" "fast" {
  event_source_arn                   = aws_kinesis_stream_consumer.fast.arn
  function_name                      = aws_lambda_function.f.arn
  starting_position                  = "AT_TIMESTAMP"
  starting_position_timestamp        = "2026-01-01T00:00:00Z"
  batch_size                         = 200
  maximum_batching_window_in_seconds = 1
  parallelization_factor             = 2
  maximum_retry_attempts             = 3
  maximum_record_age_in_seconds      = 3600
  bisect_batch_on_function_error     = true
  function_response_types            = ["ReportBatchItemFailures"]
  destination_config {
    on_failure { destination_arn = aws_s3_bucket.lake.arn }
  }
  metrics_config { metrics = ["EventCount"] }
  filter_criteria {
    filter { pattern = jsonencode({ data = { schema_version = [1] } }) }
  }
}
resource "aws_glue_catalog_database" "d" { name = "streams_test" }
resource "aws_glue_catalog_table" "t" {
  database_name = aws_glue_catalog_database.d.name
  name          = "events"
  table_type    = "EXTERNAL_TABLE"
  storage_descriptor {
    location = "s3://${aws_s3_bucket.lake.bucket}/events/"
    columns {
      name = "event_id"
      type = "string"
    }
  }
}
resource "aws_cloudwatch_log_group" "g" { name = "/aws/kinesisfirehose/streams-test" }
resource "aws_cloudwatch_log_stream" "s" {
  name           = "S3Delivery"
  log_group_name = aws_cloudwatch_log_group.g.name
}
resource "aws_cloudwatch_log_metric_filter" "m" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.g.name
  pattern        = "{ $.errorCode = * }"
  metric_transformation {
    name       = "Errors"
    namespace  = "StreamsTest"
    value      = "1"
    unit       = "Count"
    dimensions = { Code = "$.errorCode" }
  }
}
resource "aws_kinesis_firehose_delivery_stream" "parquet" {
  name        = "streams-test-parquet"
  destination = "extended_s3"
  kinesis_source_configuration {
    kinesis_stream_arn = aws_kinesis_stream.events.arn
    role_arn           = aws_iam_role.r.arn
  }
  extended_s3_configuration {
    role_arn            = aws_iam_role.r.arn
    bucket_arn          = aws_s3_bucket.lake.arn
    prefix              = "events/dt=!{timestamp:yyyy-MM-dd}/"
    error_output_prefix = "errors/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/"
    custom_time_zone    = "Europe/Berlin"
    buffering_size      = 64
    buffering_interval  = 1
    s3_backup_mode      = "Enabled"
    s3_backup_configuration {
      role_arn           = aws_iam_role.r.arn
      bucket_arn         = aws_s3_bucket.lake.arn
      prefix             = "source/"
      buffering_size     = 5
      buffering_interval = 60
      compression_format = "GZIP"
    }
    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.g.name
      log_stream_name = aws_cloudwatch_log_stream.s.name
    }
    processing_configuration {
      enabled = true
      processors {
        type = "Lambda"
        parameters {
          parameter_name  = "LambdaArn"
          parameter_value = "${aws_lambda_function.f.arn}:$LATEST"
        }
        parameters {
          parameter_name  = "BufferSizeInMBs"
          parameter_value = "0.5"
        }
        parameters {
          parameter_name  = "BufferIntervalInSeconds"
          parameter_value = "1"
        }
        parameters {
          parameter_name  = "NumberOfRetries"
          parameter_value = "2"
        }
      }
    }
    data_format_conversion_configuration {
      input_format_configuration {
        deserializer {
          open_x_json_ser_de {}
        }
      }
      output_format_configuration {
        serializer {
          parquet_ser_de { compression = "SNAPPY" }
        }
      }
      schema_configuration {
        role_arn      = aws_iam_role.r.arn
        database_name = aws_glue_catalog_table.t.database_name
        table_name    = aws_glue_catalog_table.t.name
      }
    }
  }
}
resource "aws_kinesis_firehose_delivery_stream" "direct" {
  name        = "streams-test-direct"
  destination = "extended_s3"
  server_side_encryption { enabled = true }
  extended_s3_configuration {
    role_arn           = aws_iam_role.r.arn
    bucket_arn         = aws_s3_bucket.lake.arn
    prefix             = "direct/"
    compression_format = "GZIP"
  }
}
resource "aws_db_instance" "v" {
  identifier                  = "streams-test"
  engine                      = "postgres"
  engine_version              = "18"
  instance_class              = "db.t4g.micro"
  allocated_storage           = 20
  db_name                     = "vectors"
  username                    = "retail_admin"
  manage_master_user_password = true
  skip_final_snapshot         = true
}
resource "aws_db_instance_role_association" "v" {
  db_instance_identifier = aws_db_instance.v.identifier
  feature_name           = "s3Import"
  role_arn               = aws_iam_role.r.arn
}
output "url" { value = aws_lambda_function_url.u.function_url }
