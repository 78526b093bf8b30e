# Bad rows as a table: which file, which line, what is wrong, what to do.
locals {
  quarantine_columns = ["run_id", "source_file", "source_version", "source_part", "source_line", "field", "reason", "remedy", "record"]
}

resource "aws_glue_catalog_table" "quarantine" {
  database_name = var.databases.bronze
  name          = "store_files_quarantine"
  description   = "Records of store files that could not be loaded, each with its reason and the remedy."
  table_type    = "EXTERNAL_TABLE"
  parameters    = { EXTERNAL = "TRUE", classification = "json" }

  storage_descriptor {
    location      = "s3://${var.buckets.lake.name}/quarantine/store_files/rows/"
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.openx.data.jsonserde.JsonSerDe"
    }

    dynamic "columns" {
      for_each = local.quarantine_columns

      content {
        name = columns.value
        type = columns.value == "source_line" ? "bigint" : "string"
      }
    }
  }
}
