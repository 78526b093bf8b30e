locals {
  artifacts_bucket = var.artifacts.bucket
  script           = "${var.artifacts.dir}/jobs/${var.artifacts.script}"
  pure             = fileset(var.artifacts.dir, "wheels/${var.artifacts.package}/*.whl")
  compiled         = var.artifacts.compiled ? fileset(var.artifacts.dir, "modules/${var.artifacts.package}/*.whl") : toset([])
}

resource "aws_s3_object" "script" {
  bucket      = local.artifacts_bucket
  key         = "jobs/${var.artifacts.script}"
  source      = local.script
  source_hash = fileexists(local.script) ? filemd5(local.script) : null

  lifecycle {
    precondition {
      condition     = fileexists(local.script) && length(local.pure) > 0
      error_message = "${local.script} or the wheels of ${var.artifacts.package} beside it are missing: run `make package` first."
    }
  }
}

# Pure wheels: Glue puts them on the path of driver and executors as they are, and asks no package index.
# Every job has its own copies, so that one job's end takes nothing from another.
resource "aws_s3_object" "wheel" {
  for_each = local.pure

  bucket      = local.artifacts_bucket
  key         = "wheels/${local.name}/${basename(each.value)}"
  source      = "${var.artifacts.dir}/${each.value}"
  source_hash = filemd5("${var.artifacts.dir}/${each.value}")
}

# Compiled wheels: Glue installs them with pip, which is forbidden to look anywhere else.
resource "aws_s3_object" "module" {
  for_each = local.compiled

  bucket      = local.artifacts_bucket
  key         = "modules/${local.name}/${basename(each.value)}"
  source      = "${var.artifacts.dir}/${each.value}"
  source_hash = filemd5("${var.artifacts.dir}/${each.value}")
}
