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

run "plain_text_connections_are_refused" {
  assert {
    condition     = local.parameters.require_secure_transport == "1"
    error_message = "The server must insist on TLS."
  }
}

run "there_are_a_reader_and_a_writer_beside_the_master" {
  assert {
    condition     = toset(keys(module.users.secret_arns)) == toset(["retail_reader", "retail_writer"]) && output.secret_arns.admin == "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1"
    error_message = "The storefront writes, everybody else reads, and set-up alone is the master."
  }
}

run "missing_artifacts_say_what_to_run" {
  command = plan

  variables {
    artifacts_dir = "no/such/folder"
  }

  expect_failures = [aws_lambda_layer_version.rotation]
}
