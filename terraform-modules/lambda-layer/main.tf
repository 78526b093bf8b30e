# What functions import beside their own code and Lambda's Python, and the certificates that they trust.
resource "aws_lambda_layer_version" "this" {
  layer_name               = "${var.project}-${var.name}"
  description              = var.description
  filename                 = var.zip
  source_code_hash         = fileexists(var.zip) ? filebase64sha256(var.zip) : null
  compatible_runtimes      = ["python3.11"]
  compatible_architectures = ["x86_64"]

  lifecycle {
    precondition {
      condition     = fileexists(var.zip)
      error_message = "${var.zip} is missing: run `make package` first."
    }
  }
}
