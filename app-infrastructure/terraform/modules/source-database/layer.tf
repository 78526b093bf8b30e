locals {
  layer = "${var.artifacts_dir}/layers/source_database.zip"
}

resource "aws_lambda_layer_version" "rotation" {
  layer_name               = "${var.project}-source-database"
  description              = "PyMySQL and the certificates that the source database's clients trust."
  filename                 = local.layer
  source_code_hash         = fileexists(local.layer) ? filebase64sha256(local.layer) : null
  compatible_runtimes      = ["python3.11"]
  compatible_architectures = ["x86_64"]

  lifecycle {
    precondition {
      condition     = fileexists(local.layer)
      error_message = "${local.layer} is missing: run `make package` first."
    }
  }
}
