# The zip and the layer that every function of this root is made of.
locals {
  layer = "${var.artifacts_dir}/layers/streaming_recs.zip"
  code  = { dir = var.artifacts_dir, layer_arn = aws_lambda_layer_version.this.arn }
}

resource "aws_lambda_layer_version" "this" {
  layer_name               = "${var.project}-streaming-recs"
  description              = "NumPy, psycopg, pgvector, Powertools, and the certificates that the database's clients trust."
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
