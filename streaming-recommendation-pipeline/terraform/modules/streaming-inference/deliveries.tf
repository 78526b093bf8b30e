# Stream to lake. Timestamp prefixes and partition projection: Firehose registers no partitions, and needs none so.
locals {
  deliveries = {
    recommendations = {
      table     = aws_glue_catalog_table.recommendations_delivered.name
      transform = true
      folders   = ["bronze/recommendations_delivered", "errors/recommendations", "backup/recommendations"]
    }
    clickstream = {
      table     = aws_glue_catalog_table.browse_events.name
      transform = false
      folders   = ["bronze/browse_events", "errors/clickstream"]
    }
  }
  day = "dt=!{timestamp:yyyy-MM-dd}/"
}

resource "aws_kinesis_firehose_delivery_stream" "this" {
  for_each = local.deliveries

  name        = "${var.project}-${each.key}"
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = aws_kinesis_stream.events.arn
    role_arn           = aws_iam_role.firehose[each.key].arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.firehose[each.key].arn
    bucket_arn          = local.s3_arn
    kms_key_arn         = var.kms_key_arn
    prefix              = "bronze/${each.value.table}/${local.day}"
    error_output_prefix = "errors/${each.key}/!{firehose:error-output-type}/${local.day}"
    compression_format  = "UNCOMPRESSED" # Parquet compresses for itself
    custom_time_zone    = "UTC"

    # Conversion needs 64 MiB at least; a quiet shop is delivered by the minute.
    buffering_size     = 64
    buffering_interval = 60

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.firehose[each.key].name
      log_stream_name = aws_cloudwatch_log_stream.firehose[each.key].name
    }

    processing_configuration {
      enabled = each.value.transform

      dynamic "processors" {
        for_each = each.value.transform ? [module.function["transform"].arn] : []

        content {
          type = "Lambda"

          parameters {
            parameter_name  = "LambdaArn"
            parameter_value = "${processors.value}:$LATEST"
          }
          # Recommendations multiply an event's size, and the answer may hold 6 MB.
          parameters {
            parameter_name  = "BufferSizeInMBs"
            parameter_value = "0.5"
          }
          parameters {
            parameter_name  = "BufferIntervalInSeconds"
            parameter_value = "10"
          }
        }
      }
    }

    s3_backup_mode = each.value.transform ? "Enabled" : "Disabled"

    # What came in, before the function saw it.
    dynamic "s3_backup_configuration" {
      for_each = each.value.transform ? [aws_cloudwatch_log_group.firehose[each.key].name] : []

      content {
        role_arn            = aws_iam_role.firehose[each.key].arn
        bucket_arn          = local.s3_arn
        kms_key_arn         = var.kms_key_arn
        prefix              = "backup/${each.key}/${local.day}"
        error_output_prefix = "errors/${each.key}/source/!{firehose:error-output-type}/${local.day}"
        buffering_size      = 16
        buffering_interval  = 300
        compression_format  = "GZIP"

        cloudwatch_logging_options {
          enabled         = true
          log_group_name  = s3_backup_configuration.value
          log_stream_name = "backup"
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
          parquet_ser_de {
            compression = "SNAPPY"
          }
        }
      }

      schema_configuration {
        role_arn      = aws_iam_role.firehose[each.key].arn
        database_name = local.databases.bronze
        table_name    = each.value.table
      }
    }
  }

  # Firehose tries its rights when it is made.
  depends_on = [aws_iam_role_policy.firehose]
}

resource "aws_cloudwatch_log_group" "firehose" {
  for_each = toset(["clickstream", "recommendations"])

  name              = "/aws/kinesisfirehose/${var.project}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_cloudwatch_log_stream" "firehose" {
  for_each = aws_cloudwatch_log_group.firehose

  name           = "delivery"
  log_group_name = each.value.name
}

resource "aws_cloudwatch_log_stream" "backup" {
  name           = "backup"
  log_group_name = aws_cloudwatch_log_group.firehose["recommendations"].name
}
