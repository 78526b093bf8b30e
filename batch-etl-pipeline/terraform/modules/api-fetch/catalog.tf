# The landing folder as a table, one row a page: `body` is the answer as it came, for json_extract. Nobody registers
# partitions, Athena projects them from dt, the day on which the reading began.
locals {
  page_columns = [
    { name = "url", type = "string" },
    { name = "walk", type = "string" },
    { name = "page", type = "bigint" },
    { name = "cursor", type = "string" },
    { name = "fetched_at", type = "string" },
    { name = "body", type = "string" },
  ]
  location = "s3://${var.landing_bucket.name}/${local.folder}"
}

resource "aws_glue_catalog_table" "pages" {
  database_name = var.bronze_database
  name          = "api_transactions"
  description   = "Every page of the transactions API as it came, read again and again; ${var.project}_silver.transaction_items has each item once."
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    EXTERNAL                      = "TRUE"
    classification                = "json"
    "projection.enabled"          = "true"
    "projection.dt.type"          = "date"
    "projection.dt.format"        = "yyyy-MM-dd"
    "projection.dt.range"         = "2026-01-01,NOW"
    "projection.dt.interval"      = "1"
    "projection.dt.interval.unit" = "DAYS"
    "storage.location.template"   = "${local.location}/dt=$${dt}/"
  }

  partition_keys {
    name = "dt"
    type = "string"
  }

  storage_descriptor {
    location      = "${local.location}/"
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.openx.data.jsonserde.JsonSerDe"
      # A page that somebody damaged must not hide the others.
      parameters = { "ignore.malformed.json" = "true" }
    }

    dynamic "columns" {
      for_each = local.page_columns

      content {
        name = columns.value.name
        type = columns.value.type
      }
    }
  }
}
