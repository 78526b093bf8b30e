# What Firehose delivers, as tables; nobody registers partitions, Athena projects them from dt.
locals {
  # A credit limit is an attribute of a shopper here, not an amount that anybody sums.
  event_columns = {
    schema_version  = "int"
    event_id        = "string"
    session_id      = "string"
    customer_number = "bigint"
    city            = "string"
    country         = "string"
    credit_limit    = "double"
    event_time      = "timestamp"
    browse_history  = "array<struct<product_code:string,quantity:bigint,in_shopping_cart:boolean>>"
  }
  recommendation_columns = {
    recommended_items = "array<struct<product_code:string,score:double,reason:string>>"
    similar_items     = "array<struct<product_code:string,items:array<struct<product_code:string,score:double>>>>"
    path              = "string"
    model_version     = "string"
  }
  # Maps are sorted by key; tables keep the contract's order.
  event_order          = ["schema_version", "event_id", "session_id", "customer_number", "city", "country", "credit_limit", "event_time", "browse_history"]
  recommendation_order = ["recommended_items", "similar_items", "path", "model_version"]

  browse_event_columns = [for name in local.event_order : { name = name, type = local.event_columns[name] }]
  delivered_columns    = concat(local.browse_event_columns, [for name in local.recommendation_order : { name = name, type = local.recommendation_columns[name] }])
}

resource "aws_glue_catalog_table" "browse_events" {
  database_name = local.databases.bronze
  name          = "browse_events"
  description   = "Every browse event as it came, archived by ${var.project}-clickstream; redelivered ones twice."
  table_type    = "EXTERNAL_TABLE"
  parameters    = merge(local.projection, { "storage.location.template" = "s3://${var.lake_bucket.name}/bronze/browse_events/dt=$${dt}/" })

  partition_keys {
    name = "dt"
    type = "string"
  }

  storage_descriptor {
    location      = "s3://${var.lake_bucket.name}/bronze/browse_events/"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }

    dynamic "columns" {
      for_each = local.browse_event_columns

      content {
        name = columns.value.name
        type = columns.value.type
      }
    }
  }
}

resource "aws_glue_catalog_table" "recommendations_delivered" {
  database_name = local.databases.bronze
  name          = "recommendations_delivered"
  description   = "Events with what was recommended for them, at least once each; ${local.databases.gold}.recommendations has them once."
  table_type    = "EXTERNAL_TABLE"
  parameters    = merge(local.projection, { "storage.location.template" = "s3://${var.lake_bucket.name}/bronze/recommendations_delivered/dt=$${dt}/" })

  partition_keys {
    name = "dt"
    type = "string"
  }

  storage_descriptor {
    location      = "s3://${var.lake_bucket.name}/bronze/recommendations_delivered/"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }

    dynamic "columns" {
      for_each = local.delivered_columns

      content {
        name = columns.value.name
        type = columns.value.type
      }
    }
  }
}

locals {
  projection = {
    EXTERNAL                      = "TRUE"
    classification                = "parquet"
    "projection.enabled"          = "true"
    "projection.dt.type"          = "date"
    "projection.dt.format"        = "yyyy-MM-dd"
    "projection.dt.range"         = "2026-01-01,NOW"
    "projection.dt.interval"      = "1"
    "projection.dt.interval.unit" = "DAYS"
  }
}
