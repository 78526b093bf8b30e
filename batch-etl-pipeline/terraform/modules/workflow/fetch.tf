# What the first job reads is fetched before: a Glue workflow starts jobs and crawlers, no function. The function goes on
# where it stopped, so an hour's fetch that fails or runs out of time is made up for by the next one's.
resource "aws_scheduler_schedule" "fetch" {
  name                = local.fetch
  description         = "Fetches what the next run of ${local.name} takes to silver."
  schedule_expression = var.fetch.expression
  state               = var.schedule.enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.fetch.function_arn
    role_arn = module.fetch_role.arn
    input    = "{}"

    retry_policy {
      maximum_event_age_in_seconds = 600
      maximum_retry_attempts       = 3
    }
  }
}

module "fetch_role" {
  source = "../../../../terraform-modules/service-role"

  name        = local.fetch
  description = "Lets the scheduler invoke what fetches for ${local.name}."
  account_id  = local.account
  trusted     = { service = "scheduler.amazonaws.com", source_arn = "arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule-group/default" }
  policy      = { name = "fetch", json = data.aws_iam_policy_document.fetch.json }
}

data "aws_iam_policy_document" "fetch" {
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = [var.fetch.function_arn]
  }
}
