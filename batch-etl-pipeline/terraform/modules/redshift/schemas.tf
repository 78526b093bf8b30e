# The lake's databases as schemas. Their admin makes them, once, and lets everyone in who may connect; analysts come
# with a user of their own, which Redshift makes of their IAM identity.
locals {
  create = {
    for name in var.lake.databases : name =>
    "CREATE EXTERNAL SCHEMA IF NOT EXISTS ${name} FROM DATA CATALOG DATABASE '${name}' IAM_ROLE '${aws_iam_role.this.arn}'"
  }
  allow = { for name in var.lake.databases : name => "GRANT USAGE ON SCHEMA ${name} TO PUBLIC" }
}

# The Data API forgets a statement after a day, and its resource then has no text: what decides whether it must run
# again is kept here.
resource "terraform_data" "schema" {
  for_each = local.create

  triggers_replace = [each.value, local.allow[each.key], aws_redshiftserverless_namespace.this.namespace_id]
}

resource "aws_redshiftdata_statement" "schema" {
  for_each = local.create

  workgroup_name = aws_redshiftserverless_workgroup.this.workgroup_name
  database       = aws_redshiftserverless_namespace.this.db_name
  secret_arn     = aws_redshiftserverless_namespace.this.admin_password_secret_arn
  sql            = each.value

  lifecycle {
    ignore_changes       = [secret_arn, sql, workgroup_name]
    replace_triggered_by = [terraform_data.schema[each.key]]
  }
}

resource "aws_redshiftdata_statement" "usage" {
  for_each = local.allow

  workgroup_name = aws_redshiftserverless_workgroup.this.workgroup_name
  database       = aws_redshiftserverless_namespace.this.db_name
  secret_arn     = aws_redshiftserverless_namespace.this.admin_password_secret_arn
  sql            = each.value

  lifecycle {
    ignore_changes       = [secret_arn, sql, workgroup_name]
    replace_triggered_by = [aws_redshiftdata_statement.schema[each.key]]
  }
}
