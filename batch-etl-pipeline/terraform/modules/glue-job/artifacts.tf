locals {
  wheels = fileset(var.artifacts.dir, "wheels/*.whl")
  script = "${var.artifacts.dir}/jobs/${var.artifacts.script}"
}

resource "aws_s3_object" "script" {
  bucket      = var.artifacts.bucket
  key         = "jobs/${var.artifacts.script}"
  source      = local.script
  source_hash = fileexists(local.script) ? filemd5(local.script) : null

  lifecycle {
    precondition {
      condition     = fileexists(local.script) && length(local.wheels) > 0
      error_message = "${local.script} or the wheels beside it are missing: run `make package` first."
    }
  }
}

# Pure wheels only: Glue puts them on the path of driver and executors as they are, and asks no package index.
resource "aws_s3_object" "wheel" {
  for_each = local.wheels

  bucket      = var.artifacts.bucket
  key         = each.value
  source      = "${var.artifacts.dir}/${each.value}"
  source_hash = filemd5("${var.artifacts.dir}/${each.value}")
}
