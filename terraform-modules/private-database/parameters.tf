locals {
  family = "${var.engine.name}${var.engine.version}"
}

resource "aws_db_parameter_group" "this" {
  name        = "${local.name}-${replace(local.family, ".", "")}"
  description = var.parameters.description
  family      = local.family

  dynamic "parameter" {
    for_each = var.parameters.dynamic

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  dynamic "parameter" {
    for_each = var.parameters.static

    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = "pending-reboot"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
