# One Spark job with its rights, its way into the VPC when it needs one, its artifacts and its logs.
locals {
  name      = "${var.project}-${var.name}"
  temporary = "tmp/${local.name}/"

  # Iceberg v2 tables in the Glue catalog. One --conf holds them all: Glue takes each argument once.
  spark_conf = join(" --conf ", [
    "spark.sql.extensions=org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.catalog.glue_catalog=org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.glue_catalog.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog",
    "spark.sql.catalog.glue_catalog.io-impl=org.apache.iceberg.aws.s3.S3FileIO",
    "spark.sql.catalog.glue_catalog.warehouse=s3://${var.lake.bucket.name}/",
    "spark.sql.session.timeZone=UTC",
  ])
}

resource "aws_glue_job" "this" {
  name                    = local.name
  description             = var.description
  role_arn                = aws_iam_role.this.arn
  glue_version            = "5.1"
  worker_type             = var.capacity.worker_type
  number_of_workers       = var.capacity.workers
  timeout                 = var.capacity.timeout_minutes
  execution_class         = "STANDARD"
  max_retries             = 0
  job_run_queuing_enabled = true
  connections             = [for connection in aws_glue_connection.this : connection.name]
  security_configuration  = aws_glue_security_configuration.this.name

  command {
    name            = "glueetl"
    python_version  = "3"
    script_location = "s3://${var.artifacts.bucket}/${aws_s3_object.script.key}"
  }

  # A second run waits its turn. Retries are the state machine's: it knows which stage to repeat.
  execution_property {
    max_concurrent_runs = 1
  }

  default_arguments = merge(
    {
      "--job-language"                     = "python"
      "--datalake-formats"                 = "iceberg"
      "--conf"                             = local.spark_conf
      "--extra-py-files"                   = join(",", [for wheel in aws_s3_object.wheel : "s3://${wheel.bucket}/${wheel.key}"])
      "--TempDir"                          = "s3://${var.lake.bucket.name}/${local.temporary}"
      "--custom-logGroup-prefix"           = local.log_prefix
      "--enable-metrics"                   = "true"
      "--enable-observability-metrics"     = "true"
      "--enable-continuous-cloudwatch-log" = "true"
    },
    length(local.compiled) == 0 ? null : {
      "--additional-python-modules"       = join(",", [for module in aws_s3_object.module : "s3://${module.bucket}/${module.key}"])
      "--python-modules-installer-option" = "--no-index --no-deps"
    },
    var.arguments,
  )
}

# What the job writes at rest outside the buckets' own encryption: logs, bookmarks, spilled data.
resource "aws_glue_security_configuration" "this" {
  name = local.name

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = var.kms_key_arn
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = var.kms_key_arn
    }

    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = var.kms_key_arn
    }
  }
}
