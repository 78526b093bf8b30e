# A query's file is the whole truth: the first line of its leading comment is its name, the lines after describe it.
locals {
  queries = {
    for path in fileset(var.queries_dir, "*.sql") : trimsuffix(path, ".sql") => {
      text = file("${var.queries_dir}/${path}")
      comment = [
        for line in split("\n", trimspace(try(regex("\\A(?:--[^\\n]*\\n)+", file("${var.queries_dir}/${path}")), ""))) :
        trimspace(trimprefix(line, "--"))
      ]
    }
  }
}

resource "aws_athena_named_query" "this" {
  for_each = local.queries

  name        = trimsuffix(each.value.comment[0], ".")
  description = substr(trimspace(join(" ", length(each.value.comment) > 1 ? slice(each.value.comment, 1, length(each.value.comment)) : each.value.comment)), 0, 1024)
  workgroup   = aws_athena_workgroup.analytics.name
  database    = aws_glue_catalog_database.this["gold"].name
  # The files are written for the project's default name.
  query = replace(each.value.text, "/\\bretail_(bronze|silver|gold)\\b/", "${var.project}_$1")

  lifecycle {
    precondition {
      condition     = length(each.value.comment[0]) > 0 && length(each.value.comment[0]) <= 128
      error_message = "${each.key}.sql must begin with a comment whose first line names the query in at most 128 characters."
    }
  }
}
