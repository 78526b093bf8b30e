# Gold of what has no job of its own: views of silver, so that they say what has arrived at once.
locals {
  gold_views = {
    sales_by_genre = {
      sql = "SELECT genre, COUNT(*) AS sales, CAST(SUM(price) AS decimal(21,2)) AS revenue FROM ${local.silver_database}.store_sales GROUP BY genre"
      columns = [
        { name = "genre", type = "string", comment = "Of the store files." },
        { name = "sales", type = "bigint", comment = "Copies sold." },
        { name = "revenue", type = "decimal(21,2)", comment = "Their prices together." },
      ]
    }
    sales_by_category = {
      sql = "SELECT CAST(dt AS date) AS date, category, COUNT(*) AS transactions, SUM(quantity) AS units, CAST(SUM(total_amount) AS decimal(21,2)) AS revenue FROM ${local.silver_database}.transactions GROUP BY dt, category"
      columns = [
        { name = "date", type = "date", comment = "Day of the sale, UTC." },
        { name = "category", type = "string", comment = "Of the transaction feed." },
        { name = "transactions", type = "bigint", comment = "How many." },
        { name = "units", type = "bigint", comment = "Pieces sold." },
        { name = "revenue", type = "decimal(21,2)", comment = "total_amount together." },
      ]
    }
  }
}

# No description: Trino reads it as the comment, and takes a view whose comment is another for a materialized one. The owner is whom the view reads as.
resource "aws_glue_catalog_table" "gold_view" {
  for_each = local.gold_views

  database_name      = local.gold_database
  name               = each.key
  owner              = var.project
  table_type         = "VIRTUAL_VIEW"
  view_expanded_text = "/* Presto View */"
  view_original_text = format("/* Presto View: %s */", base64encode(jsonencode({
    originalSql = each.value.sql
    catalog     = "awsdatacatalog"
    schema      = local.gold_database
    columns     = [for column in each.value.columns : { name = column.name, type = column.type == "string" ? "varchar" : column.type }]
  })))

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
      for_each = each.value.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }
}
