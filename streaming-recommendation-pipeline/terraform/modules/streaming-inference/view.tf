# retail_gold.recommendations: one row an event. Delivery is at least once, so the latest of an event's copies counts.
locals {
  view_columns = concat(local.delivered_columns, [{ name = "delivered_on", type = "date" }])
  view_sql     = <<-SQL
    SELECT ${join(", ", [for column in local.delivered_columns : column.name])}, delivered_on
    FROM (
      SELECT ${join(", ", [for column in local.delivered_columns : column.name])}, CAST(dt AS date) AS delivered_on,
             row_number() OVER (PARTITION BY event_id ORDER BY dt DESC, model_version DESC, path) AS copy
      FROM ${local.databases.bronze}.recommendations_delivered
    )
    WHERE copy = 1
  SQL

  # Athena's name of each type; a view whose stored types differ from its query's is refused as stale.
  athena_types = {
    "int"                                            = "integer"
    "string"                                         = "varchar"
    "timestamp"                                      = "timestamp(3)"
    (local.event_columns.browse_history)             = "array(row(product_code varchar, quantity bigint, in_shopping_cart boolean))"
    (local.recommendation_columns.recommended_items) = "array(row(product_code varchar, score double, reason varchar))"
    (local.recommendation_columns.similar_items)     = "array(row(product_code varchar, items array(row(product_code varchar, score double))))"
  }
  view_definition = {
    originalSql = local.view_sql
    catalog     = "awsdatacatalog"
    schema      = local.databases.gold
    columns = [
      for column in local.view_columns : { name = column.name, type = lookup(local.athena_types, column.type, column.type) }
    ]
  }
}

# No description: Trino reads it as the comment, and takes a view whose comment is another for a materialized one. The owner is whom the view reads as.
resource "aws_glue_catalog_table" "recommendations" {
  database_name      = local.databases.gold
  name               = "recommendations"
  owner              = var.project
  table_type         = "VIRTUAL_VIEW"
  view_original_text = "/* Presto View: ${base64encode(jsonencode(local.view_definition))} */"
  view_expanded_text = "/* Presto View */"

  parameters = {
    comment     = "Presto View"
    presto_view = "true"
  }

  storage_descriptor {
    # Trino, and Athena with it, wants one to be there, whatever it says.
    ser_de_info {
      name = "view"
    }

    dynamic "columns" {
      for_each = local.view_columns

      content {
        name = columns.value.name
        type = columns.value.type
      }
    }
  }

  depends_on = [aws_glue_catalog_table.recommendations_delivered]
}
