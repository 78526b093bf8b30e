mock_provider "aws" {
  source = "../mocks"
}

variables {
  project     = "shop"
  name        = "clients"
  description = "Database clients."
  # Any file that exists stands in for a zip: the mocked provider uploads nothing.
  zip = "versions.tf"
}

run "it_is_built_for_lambdas_python" {
  assert {
    condition     = aws_lambda_layer_version.this.layer_name == "shop-clients" && aws_lambda_layer_version.this.compatible_runtimes == toset(["python3.11"])
    error_message = "Compiled packages run on the Python that they were built for."
  }
}

run "a_missing_zip_says_what_to_run" {
  command = plan

  variables {
    zip = "no-such.zip"
  }

  expect_failures = [aws_lambda_layer_version.this]
}
