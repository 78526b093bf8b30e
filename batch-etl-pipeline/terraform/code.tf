# The zip and the layer that every function of this root is made of.
locals {
  code = { dir = var.artifacts_dir, layer_arn = module.layer.arn }
}

module "layer" {
  source = "../../terraform-modules/lambda-layer"

  project     = var.project
  name        = "batch-etl"
  description = "pandas, PyArrow, openpyxl, psycopg, Powertools, and the certificates that the warehouse's clients trust."
  zip         = "${var.artifacts_dir}/layers/batch_etl.zip"
  bucket      = local.fact["lake/artifacts_bucket"]
}
