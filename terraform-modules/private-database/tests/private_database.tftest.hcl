mock_provider "aws" {
  source = "../mocks"
}

variables {
  project             = "shop"
  name                = "books"
  title               = "book database"
  database            = "books"
  engine              = { name = "mysql", version = "8.4", logs = ["error"] }
  parameters          = { description = "TLS only.", dynamic = { require_secure_transport = "1" }, static = { max_connections = "60" } }
  network             = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"] }
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
}

run "it_is_private_encrypted_and_hard_to_lose" {
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

run "the_parameters_are_those_of_the_engine_and_the_caller" {
  assert {
    condition     = aws_db_parameter_group.this.family == "mysql8.4" && aws_db_parameter_group.this.name == "shop-books-mysql84"
    error_message = "The parameter group's family must be the engine's."
  }

  assert {
    condition     = [for parameter in aws_db_parameter_group.this.parameter : parameter.name if parameter.apply_method == "pending-reboot"] == ["max_connections"]
    error_message = "RDS refuses to apply a static parameter at once."
  }

  assert {
    condition     = { for parameter in aws_db_parameter_group.this.parameter : parameter.name => parameter.value } == { require_secure_transport = "1", max_connections = "60" }
    error_message = "What the caller asks of the server must reach it."
  }
}

run "unprotected_it_leaves_nothing_behind" {
  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.delete_automated_backups
    error_message = "A throw-away environment must vanish whole."
  }
}

run "one_zone_is_refused" {
  command = plan

  variables {
    network = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"] }
  }

  expect_failures = [var.network]
}
