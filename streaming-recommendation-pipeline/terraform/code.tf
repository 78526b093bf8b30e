# The zip and the layer that every function of this root is made of.
locals {
  code = { dir = var.artifacts_dir, layer_arn = module.layer.arn }
}

module "layer" {
  source = "../../terraform-modules/lambda-layer"

  project     = var.project
  name        = "streaming-recs"
  description = "NumPy, psycopg, pgvector, Powertools, and the certificates that the database's clients trust."
  zip         = "${var.artifacts_dir}/layers/streaming_recs.zip"
}
