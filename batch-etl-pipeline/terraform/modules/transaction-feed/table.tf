# The table is declared, and its partitions are entered as their files arrive: what has landed can be asked for at once.
# The crawler looks every night for days that nobody entered. It may add partitions and change nothing ("LOG": what exists
# is not updated), so neither this declaration nor a compacted day is ever undone. No partition projection: Athena would
# pass over the catalog's partitions, which say where a compacted day is.
locals {
  columns = [
    { name = "transaction_id", type = "string", comment = "A ULID from our generator; unique." },
    { name = "timestamp", type = "timestamp", comment = "UTC." },
    { name = "customer_id", type = "string", comment = "Who bought." },
    { name = "product_id", type = "string", comment = "productCode of the catalogue." },
    { name = "product_name", type = "string", comment = "As it was sold." },
    { name = "category", type = "string", comment = "productLine of the catalogue." },
    { name = "quantity", type = "int", comment = "Pieces." },
    { name = "price", type = "decimal(10,2)", comment = "Of one piece." },
    { name = "total_amount", type = "decimal(18,2)", comment = "quantity * price." },
    { name = "year", type = "int", comment = "Of timestamp, as the four after it." },
    { name = "month", type = "int", comment = "1 to 12." },
    { name = "day", type = "int", comment = "1 to 31." },
    { name = "hour", type = "int", comment = "0 to 23." },
    { name = "day_of_week", type = "int", comment = "0 is Monday." },
  ]
}

resource "aws_glue_catalog_table" "transactions" {
  database_name = var.database
  name          = "transactions"
  description   = "The transaction feed: one row a transaction."
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    EXTERNAL       = "TRUE"
    classification = "parquet"
  }

  partition_keys {
    name    = "dt"
    type    = "string"
    comment = "Day of timestamp, YYYY-MM-DD."
  }

  storage_descriptor {
    location      = "s3://${var.lake_bucket.name}/${local.table_prefix}"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }

    dynamic "columns" {
      for_each = local.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }
}

resource "aws_glue_crawler" "transactions" {
  name                   = "${var.project}-transactions"
  description            = "Enters days of ${var.database}.transactions that nobody has."
  role                   = aws_iam_role.crawler.arn
  database_name          = var.database
  schedule               = var.crawler.enabled ? "cron(0 2 * * ? *)" : null
  security_configuration = aws_glue_security_configuration.crawler.name

  catalog_target {
    database_name = var.database
    tables        = [aws_glue_catalog_table.transactions.name]
  }

  schema_change_policy {
    update_behavior = "LOG"
    delete_behavior = "LOG"
  }

  configuration = jsonencode({
    Version       = 1.0
    CrawlerOutput = { Partitions = { AddOrUpdateBehavior = "InheritFromTable" } }
  })

  depends_on = [aws_iam_role_policy.crawler]
}

resource "aws_glue_security_configuration" "crawler" {
  name = "${var.project}-transactions-crawler"

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

# A crawler makes its log group itself: for one with a security configuration it is named after that and its role.
locals {
  crawler_log_arn = "arn:${local.partition}:logs:${local.here}:log-group:/aws-glue/crawlers*"
}

# As for jobs, Glue sends no aws:SourceAccount when it takes the role; iam:PassRole keeps other accounts out.
data "aws_iam_policy_document" "crawler_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["glue.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "crawler" {
  name               = "${var.project}-transactions-crawler"
  description        = "Lets the crawler ${var.project}-transactions read the files and enter partitions."
  assume_role_policy = data.aws_iam_policy_document.crawler_trust.json
}

resource "aws_iam_role_policy" "crawler" {
  name   = "crawl"
  role   = aws_iam_role.crawler.id
  policy = data.aws_iam_policy_document.crawler.json
}

data "aws_iam_policy_document" "crawler" {
  statement {
    sid       = "ReadTheFiles"
    actions   = ["s3:GetObject"]
    resources = ["${var.lake_bucket.arn}/${local.table_prefix}*"]
  }

  statement {
    sid       = "FindTheFiles"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.lake_bucket.arn]
  }

  statement {
    sid       = "ReadTheCatalog"
    actions   = ["glue:BatchGetPartition", "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
    resources = local.catalog_arns
  }

  # Under its policy a crawler updates nothing, but it asks for the table with this right.
  statement {
    sid       = "EnterPartitions"
    actions   = ["glue:BatchCreatePartition", "glue:CreatePartition", "glue:UpdateTable"]
    resources = local.catalog_arns
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [local.crawler_log_arn, "${local.crawler_log_arn}:*"]
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}
