mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"

  mock_resource "aws_redshiftserverless_namespace" {
    defaults = {
      admin_password_secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:redshift!shop-analytics-warehouse_admin"
      namespace_id              = "11111111-2222-3333-4444-555555555555"
    }
  }

  mock_resource "aws_redshiftserverless_workgroup" {
    defaults = { arn = "arn:aws:redshift-serverless:eu-central-1:111122223333:workgroup/one" }
  }
}

override_data {
  target = data.aws_subnet.this["subnet-a"]
  values = { availability_zone = "eu-central-1a" }
}

override_data {
  target = data.aws_subnet.this["subnet-b"]
  values = { availability_zone = "eu-central-1b" }
}

override_data {
  target = data.aws_subnet.this["subnet-c"]
  values = { availability_zone = "eu-central-1c" }
}

variables {
  project     = "shop"
  kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one"
  network     = { vpc_id = "vpc-1", subnet_ids = ["subnet-a", "subnet-b", "subnet-c"] }
  lake = {
    bucket    = { name = "shop-lake", arn = "arn:aws:s3:::shop-lake" }
    prefixes  = ["gold/", "silver/"]
    databases = ["shop_gold", "shop_silver"]
  }
}

run "the_password_is_redshifts_own_secret_under_the_platforms_key" {
  assert {
    condition     = aws_redshiftserverless_namespace.this.manage_admin_password && aws_redshiftserverless_namespace.this.admin_password_secret_kms_key_id == var.kms_key_arn && aws_redshiftserverless_namespace.this.kms_key_id == var.kms_key_arn
    error_message = "No password may be known to Terraform, and data and secret need the platform's key."
  }
}

run "nobody_reaches_it_from_outside" {
  assert {
    condition     = !aws_redshiftserverless_workgroup.this.publicly_accessible && aws_redshiftserverless_workgroup.this.enhanced_vpc_routing && length(aws_vpc_security_group_ingress_rule.client) == 0
    error_message = "The workgroup is private, and the Data API needs no way in."
  }
}

run "clients_of_sql_are_let_in_by_their_group" {
  variables {
    network = { vpc_id = "vpc-1", subnet_ids = ["subnet-a", "subnet-b", "subnet-c"], client_security_group_ids = ["sg-1"] }
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.client["sg-1"].from_port == 5439 && aws_vpc_security_group_ingress_rule.client["sg-1"].referenced_security_group_id == "sg-1"
    error_message = "A BI tool connects from its own security group."
  }
}

run "the_bill_is_bounded_three_times" {
  assert {
    condition     = aws_redshiftserverless_workgroup.this.max_capacity == 16 && aws_redshiftserverless_usage_limit.compute.breach_action == "deactivate" && aws_redshiftserverless_usage_limit.compute.amount == 60
    error_message = "Capacity has a ceiling, and a month an end."
  }

  assert {
    condition     = { for parameter in aws_redshiftserverless_workgroup.this.config_parameter : parameter.parameter_key => parameter.parameter_value }["max_query_execution_time"] == "600"
    error_message = "A query ends after ten minutes."
  }
}

run "the_role_reads_the_lake_and_its_catalog_and_nothing_else" {
  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.read.statement : statement.actions])) == toset(["glue:BatchGetPartition", "glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables", "kms:Decrypt", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"])
    error_message = "Nothing here writes."
  }

  assert {
    condition     = toset({ for statement in data.aws_iam_policy_document.read.statement : statement.sid => statement.resources }["ReadTheLake"]) == toset(["arn:aws:s3:::shop-lake/gold/*", "arn:aws:s3:::shop-lake/silver/*"])
    error_message = "Bronze and quarantine hold what analysts must not see."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.trust.statement[0].condition).variable == "sts:ExternalId" && one(data.aws_iam_policy_document.trust.statement[0].condition).values == tolist(["arn:aws:redshift:eu-central-1:111122223333:dbuser:*"])
    error_message = "Redshift must not be talked into the role by another account."
  }
}

run "each_database_is_a_schema_that_everyone_inside_may_use" {
  assert {
    condition     = { for name, statement in aws_redshiftdata_statement.schema : name => statement.sql } == { for name in ["shop_gold", "shop_silver"] : name => "CREATE EXTERNAL SCHEMA IF NOT EXISTS ${name} FROM DATA CATALOG DATABASE '${name}' IAM_ROLE '${aws_iam_role.this.arn}'" }
    error_message = "A schema is the catalog's database by the same name."
  }

  assert {
    condition     = aws_redshiftdata_statement.usage["shop_gold"].sql == "GRANT USAGE ON SCHEMA shop_gold TO PUBLIC" && aws_redshiftdata_statement.usage["shop_gold"].secret_arn == aws_redshiftserverless_namespace.this.admin_password_secret_arn
    error_message = "The admin lets analysts in."
  }
}

run "audit_logs_are_encrypted_and_end" {
  assert {
    condition     = toset(keys(aws_cloudwatch_log_group.audit)) == toset(["connectionlog", "useractivitylog", "userlog"]) && alltrue([for group in aws_cloudwatch_log_group.audit : group.kms_key_id == var.kms_key_arn && group.retention_in_days == 90 && startswith(group.name, "/aws/redshift/shop-analytics/")])
    error_message = "Redshift's own groups would have neither key nor end."
  }
}

run "fewer_than_three_zones_are_refused" {
  command = plan

  variables {
    network = { vpc_id = "vpc-1", subnet_ids = ["subnet-a", "subnet-b"] }
  }

  expect_failures = [aws_redshiftserverless_workgroup.this]
}

run "a_ceiling_below_the_floor_is_refused" {
  command = plan

  variables {
    capacity = { base = 32, max = 16 }
  }

  expect_failures = [var.capacity]
}
