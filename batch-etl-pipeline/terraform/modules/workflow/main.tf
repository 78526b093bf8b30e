# Jobs one after the other, every hour: each starts when the one before it has succeeded, and one that fails is told.
locals {
  name  = "${var.project}-${var.name}"
  fetch = "${local.name}-fetch"

  # A job → the one whose success it waits for.
  previous = { for place in range(1, length(var.jobs)) : var.jobs[place] => var.jobs[place - 1] }
}

# One run at a time: an hour that is late does not overtake the one before it.
resource "aws_glue_workflow" "this" {
  name                = local.name
  description         = var.description
  max_concurrent_runs = 1
}

# Glue reads schedules in UTC.
resource "aws_glue_trigger" "start" {
  name          = "${local.name}-start"
  description   = "Begins a run of ${local.name}."
  type          = "SCHEDULED"
  schedule      = var.schedule.expression
  enabled       = var.schedule.enabled
  workflow_name = aws_glue_workflow.this.name

  actions {
    job_name = var.jobs[0]
  }
}

resource "aws_glue_trigger" "after" {
  for_each = local.previous

  name          = "${local.name}-after-${each.value}"
  description   = "${each.key} when ${each.value} has succeeded."
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.this.name

  predicate {
    conditions {
      job_name = each.value
      state    = "SUCCEEDED"
    }
  }

  actions {
    job_name = each.key
  }
}
