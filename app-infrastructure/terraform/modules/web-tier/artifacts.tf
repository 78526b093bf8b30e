# The storefront and everything that it imports, as wheels: an instance asks no package index.
locals {
  wheels = sort(fileset(var.artifacts.dir, "storefront/*.whl"))
}

resource "aws_s3_object" "wheel" {
  for_each = toset(local.wheels)

  bucket      = var.artifacts.bucket
  key         = each.key
  source      = "${var.artifacts.dir}/${each.key}"
  source_hash = filemd5("${var.artifacts.dir}/${each.key}")
}
