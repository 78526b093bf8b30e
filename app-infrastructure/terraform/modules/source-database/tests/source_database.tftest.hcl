mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"
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
