mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/shop-source-user-rotation" }
  }
  mock_resource "aws_db_instance" {
    defaults = {
      address            = "shop-source.example.internal"
      port               = 3306
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1", kms_key_id = "", secret_status = "active" }]
    }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:111122223333:function:shop-source-user-rotation" }
  }
  mock_resource "aws_lambda_layer_version" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:111122223333:layer:shop-source-database:1" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/source/user" }
  }
}

variables {
  project             = "shop"
  network             = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2", "subnet-3"] }
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  artifacts_dir       = "tests/artifacts"
  deletion_protection = true
}

run "the_database_is_private_encrypted_and_hard_to_lose" {
  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.storage_encrypted && aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot
    error_message = "Private, encrypted, protected, with a final snapshot."
  }
}

run "rds_manages_the_master_password" {
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "No password may pass through Terraform."
  }
}

run "plain_text_connections_are_refused" {
  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : parameter.value if parameter.name == "require_secure_transport"], "1")
    error_message = "The server must insist on TLS."
  }

  assert {
    condition     = aws_db_parameter_group.this.family == "mysql${aws_db_instance.this.engine_version}"
    error_message = "The parameter group's family must be the engine's."
  }
}

run "only_security_groups_are_admitted" {
  assert {
    condition     = aws_vpc_security_group_ingress_rule.rotation.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.rotation.referenced_security_group_id == aws_security_group.rotation.id
    error_message = "No address range may reach the database."
  }
}

run "every_application_user_is_filled_by_rotation" {
  assert {
    condition     = { for user, secret in aws_secretsmanager_secret.user : user => secret.name } == { retail_reader = "shop/source/retail_reader", retail_writer = "shop/source/retail_writer" }
    error_message = "The secret's name ends with its user: the rotation reads it there."
  }

  assert {
    condition     = alltrue([for rotation in aws_secretsmanager_secret_rotation.user : rotation.rotate_immediately && rotation.rotation_lambda_arn == module.rotation.arn])
    error_message = "Each secret must be rotated at once, or it stays empty."
  }
}

run "unprotected_it_leaves_nothing_behind" {
  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_db_instance.this.skip_final_snapshot && alltrue([for secret in aws_secretsmanager_secret.user : secret.recovery_window_in_days == 0])
    error_message = "A throw-away environment must vanish whole."
  }
}

run "missing_artifacts_say_what_to_run" {
  command = plan

  variables {
    artifacts_dir = "no/such/folder"
  }

  expect_failures = [aws_lambda_layer_version.rotation]
}
