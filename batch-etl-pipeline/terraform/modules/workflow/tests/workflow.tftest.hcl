mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"
}

variables {
  project          = "shop"
  name             = "hourly"
  description      = "Bronze to warehouse."
  jobs             = ["shop-silver", "shop-gold", "shop-load"]
  fetch            = { function_arn = "arn:aws:lambda:eu-central-1:111122223333:function:shop-api-fetch" }
  alerts_topic_arn = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/one"
}

run "the_first_job_has_a_schedule_and_the_others_wait_for_a_success" {
  assert {
    condition     = aws_glue_trigger.start.type == "SCHEDULED" && aws_glue_trigger.start.enabled && aws_glue_trigger.start.actions[0].job_name == "shop-silver"
    error_message = "The first job begins by the clock."
  }

  assert {
    condition = { for job, trigger in aws_glue_trigger.after : job => "${trigger.predicate[0].conditions[0].job_name} ${trigger.predicate[0].conditions[0].state}" } == {
      shop-gold = "shop-silver SUCCEEDED"
      shop-load = "shop-gold SUCCEEDED"
    }
    error_message = "No job runs on what a failed one left."
  }

  assert {
    condition     = toset([for trigger in concat([aws_glue_trigger.start], values(aws_glue_trigger.after)) : trigger.workflow_name]) == toset(["shop-hourly"]) && aws_glue_workflow.this.max_concurrent_runs == 1
    error_message = "All triggers belong to the workflow, of which one run is under way."
  }
}

run "what_the_first_job_reads_is_fetched_before" {
  assert {
    condition     = aws_scheduler_schedule.fetch.schedule_expression == "cron(0 * * * ? *)" && aws_glue_trigger.start.schedule == "cron(15 * * * ? *)" && aws_scheduler_schedule.fetch.target[0].arn == var.fetch.function_arn
    error_message = "A workflow starts no function, so the fetch has a time of its own, a quarter of an hour earlier."
  }

  assert {
    condition     = data.aws_iam_policy_document.fetch.statement[0].actions == toset(["lambda:InvokeFunction"]) && data.aws_iam_policy_document.fetch.statement[0].resources == toset([var.fetch.function_arn])
    error_message = "The scheduler invokes one function."
  }
}

run "a_failure_of_any_job_is_told" {
  assert {
    condition     = jsonencode(jsondecode(aws_cloudwatch_event_rule.job_failed.event_pattern).detail) == jsonencode({ jobName = var.jobs, state = ["FAILED", "TIMEOUT", "ERROR"] }) && aws_cloudwatch_event_target.job_failed.arn == var.alerts_topic_arn
    error_message = "The alerts topic hears of every job."
  }

  assert {
    condition     = data.aws_iam_policy_document.events.statement[0].actions == toset(["sns:Publish"]) && data.aws_iam_policy_document.events.statement[0].resources == toset([var.alerts_topic_arn])
    error_message = "EventBridge publishes to the topic and nothing else."
  }
}

run "the_schedule_can_be_off" {
  command = plan

  variables {
    schedule = { enabled = false }
  }

  assert {
    condition     = !aws_glue_trigger.start.enabled && aws_scheduler_schedule.fetch.state == "DISABLED"
    error_message = "The workflow then runs by hand alone, or Airflow does its work."
  }
}

run "a_rate_is_no_schedule_of_glues" {
  command = plan

  variables {
    schedule = { expression = "rate(1 hour)" }
  }

  expect_failures = [var.schedule]
}

run "a_job_is_not_its_own_successor" {
  command = plan

  variables {
    jobs = ["shop-silver", "shop-silver"]
  }

  expect_failures = [var.jobs]
}
