# A warehouse that reads the lake in place and costs nothing while nobody asks.
data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  name     = "${var.project}-analytics"
  here     = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
  glue_arn = "arn:${data.aws_partition.current.partition}:glue:${local.here}"
}

resource "aws_redshiftserverless_namespace" "this" {
  namespace_name = local.name
  db_name        = var.project
  iam_roles      = [aws_iam_role.this.arn]
  kms_key_id     = var.kms_key_arn
  log_exports    = keys(aws_cloudwatch_log_group.audit)

  admin_username                   = "warehouse_admin"
  manage_admin_password            = true
  admin_password_secret_kms_key_id = var.kms_key_arn

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_redshiftserverless_workgroup" "this" {
  workgroup_name       = local.name
  namespace_name       = aws_redshiftserverless_namespace.this.namespace_name
  base_capacity        = var.capacity.base
  max_capacity         = var.capacity.max
  enhanced_vpc_routing = true
  publicly_accessible  = false
  security_group_ids   = [aws_security_group.this.id]
  subnet_ids           = var.network.subnet_ids

  dynamic "config_parameter" {
    for_each = { max_query_execution_time = "600", require_ssl = "true", enable_user_activity_logging = "true" }

    content {
      parameter_key   = config_parameter.key
      parameter_value = config_parameter.value
    }
  }

  lifecycle {
    # AWS answers with all parameters there are, some of which this provider does not know: each would be a change.
    ignore_changes = [config_parameter]

    precondition {
      condition     = length(distinct([for subnet in data.aws_subnet.this : subnet.availability_zone])) >= 3
      error_message = "Redshift Serverless needs subnets in three zones: give network.subnet_ids one of each."
    }
  }
}

# The last bound of the bill: a month's hours used up, queries are refused until the next month or a higher limit.
resource "aws_redshiftserverless_usage_limit" "compute" {
  resource_arn  = aws_redshiftserverless_workgroup.this.arn
  usage_type    = "serverless-compute"
  period        = "monthly"
  amount        = var.capacity.rpu_hours_a_month
  breach_action = "deactivate"
}
