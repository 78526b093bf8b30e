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

run "a_large_zip_goes_through_a_bucket" {
  variables {
    bucket = "shop-artifacts"
  }

  assert {
    condition     = aws_lambda_layer_version.this.filename == null && aws_lambda_layer_version.this.s3_bucket == "shop-artifacts" && aws_lambda_layer_version.this.s3_key == aws_s3_object.zip[0].key && aws_lambda_layer_version.this.s3_object_version == aws_s3_object.zip[0].version_id
    error_message = "The version that was just uploaded is the layer's."
  }
}

run "a_missing_zip_says_what_to_run" {
  command = plan

  variables {
    zip = "no-such.zip"
  }

  expect_failures = [aws_lambda_layer_version.this]
}
