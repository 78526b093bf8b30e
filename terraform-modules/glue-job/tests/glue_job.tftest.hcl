mock_provider "aws" {
  source = "../mocks"

  mock_data "aws_subnet" {
    defaults = { availability_zone = "eu-central-1a" }
  }
}

variables {
  project         = "shop"
  name            = "etl-job"
  description     = "Builds the star schema."
  artifacts       = { dir = "tests/artifacts", bucket = "shop-artifacts", script = "shop_job.py", package = "shop" }
  arguments       = { "--stages" = "extract" }
  kms_key_arn     = "arn:aws:kms:eu-central-1:111122223333:key/one"
  network         = { vpc_id = "vpc-1", subnet_id = "subnet-1" }
  source_database = { security_group_id = "sg-source", port = 3306, secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:reader" }
  lake = {
    bucket                 = { name = "shop-lake", arn = "arn:aws:s3:::shop-lake" }
    databases              = ["shop_bronze", "shop_gold"]
    writes                 = { prefixes = [""], tables = ["shop_bronze/*", "shop_gold/*"] }
    publish_lock_table_arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/shop-publish-lock"
  }
}

run "the_job_reads_its_script_and_wheels_from_the_artifacts_bucket" {
  assert {
    condition     = aws_glue_job.this.command[0].script_location == "s3://shop-artifacts/jobs/shop_job.py" && aws_glue_job.this.default_arguments["--extra-py-files"] == "s3://shop-artifacts/wheels/shop-etl-job/shop-1.0-py3-none-any.whl"
    error_message = "Script and wheels come from S3."
  }
}

run "compiled_modules_are_installed_without_an_index" {
  variables {
    artifacts = { dir = "tests/artifacts", bucket = "shop-artifacts", script = "shop_job.py", package = "shop", compiled = true }
  }

  assert {
    condition     = aws_glue_job.this.default_arguments["--additional-python-modules"] == "s3://shop-artifacts/modules/shop-etl-job/solver-1.0-cp311-cp311-manylinux_2_28_x86_64.whl" && strcontains(aws_glue_job.this.default_arguments["--python-modules-installer-option"], "--no-index")
    error_message = "Compiled wheels come from S3, and pip may ask nobody else."
  }
}

run "a_job_that_needs_no_compiled_module_installs_none" {
  assert {
    condition     = !contains(keys(aws_glue_job.this.default_arguments), "--additional-python-modules")
    error_message = "Installing takes time at every start."
  }
}

run "iceberg_is_on_and_the_catalog_is_called_glue_catalog" {
  assert {
    condition     = aws_glue_job.this.default_arguments["--datalake-formats"] == "iceberg" && strcontains(aws_glue_job.this.default_arguments["--conf"], " --conf spark.sql.catalog.glue_catalog=")
    error_message = "Jobs write glue_catalog.<database>.<table>."
  }
}

run "workers_may_talk_to_each_other" {
  assert {
    condition     = aws_vpc_security_group_ingress_rule.workers["vpc"].referenced_security_group_id == aws_vpc_security_group_ingress_rule.workers["vpc"].security_group_id
    error_message = "Glue refuses a connection without a self-referencing rule."
  }
}

run "the_connection_holds_no_credentials" {
  assert {
    condition     = aws_glue_connection.this["vpc"].connection_type == "NETWORK" && length(coalesce(aws_glue_connection.this["vpc"].connection_properties, {})) == 0
    error_message = "No password and no user may stand in the connection."
  }
}

run "a_second_run_queues" {
  assert {
    condition     = aws_glue_job.this.job_run_queuing_enabled && one(aws_glue_job.this.execution_property).max_concurrent_runs == 1
    error_message = "Runs go one at a time."
  }
}

run "an_argument_without_dashes_is_refused" {
  command = plan

  variables {
    arguments = { stages = "extract" }
  }

  expect_failures = [var.arguments]
}

run "missing_artifacts_say_what_to_run" {
  command = plan

  variables {
    artifacts = { dir = "no/such/folder", bucket = "shop-artifacts", script = "shop_job.py", package = "shop" }
  }

  expect_failures = [aws_s3_object.script]
}

run "without_a_network_it_runs_outside_any_vpc" {
  variables {
    network         = null
    source_database = null
  }

  assert {
    condition     = length(aws_glue_job.this.connections) == 0 && length(aws_security_group.this) == 0
    error_message = "A job that reads the lake alone needs no connection."
  }
}

run "a_private_database_needs_a_network" {
  command = plan

  variables {
    network = null
  }

  expect_failures = [var.source_database]
}

run "each_database_admits_the_job_on_its_own_port" {
  variables {
    target_database = { security_group_id = "sg-target", port = 5432, secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:loader" }
  }

  assert {
    condition     = { for name, rule in aws_vpc_security_group_ingress_rule.database : name => [rule.security_group_id, rule.from_port] } == { source = ["sg-source", 3306], target = ["sg-target", 5432] }
    error_message = "A job reaches the database that it reads and the one that it loads, each on its port."
  }

  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.data.statement : statement.resources if contains(statement.actions, "secretsmanager:GetSecretValue")])) == toset(["arn:aws:secretsmanager:eu-central-1:111122223333:secret:reader", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:loader"])
    error_message = "It reads the secrets of its own two users and no other."
  }
}

run "a_private_target_needs_a_network" {
  command = plan

  variables {
    network         = null
    source_database = null
    target_database = { security_group_id = "sg-target", port = 5432, secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:loader" }
  }

  expect_failures = [var.target_database]
}
