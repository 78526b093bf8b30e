# What the workflow tests apply: every argument of crawlers, triggers and workflows that the roots use.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
provider "aws" {
  default_tags { tags = { project = "workflows-test" } }
}
variable "enabled" {
  type    = bool
  default = true
}
resource "aws_iam_role" "r" {
  name               = "workflows-test"
  path               = "/test/"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "glue.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_s3_bucket" "lake" {
  bucket        = "workflows-test-lake"
  force_destroy = true
}
resource "aws_glue_catalog_database" "d" {
  name = "workflows_test"
}
resource "aws_glue_job" "j" {
  for_each          = toset(["silver", "gold"])
  name              = "workflows-test-${each.key}"
  role_arn          = aws_iam_role.r.arn
  glue_version      = "5.1"
  worker_type       = "G.1X"
  number_of_workers = 2
  command { script_location = "s3://${aws_s3_bucket.lake.bucket}/none.py" }
}
resource "aws_glue_crawler" "plain" {
  name          = "workflows-test-plain"
  role          = aws_iam_role.r.arn
  database_name = aws_glue_catalog_database.d.name
  s3_target { path = "s3://${aws_s3_bucket.lake.bucket}/plain/" }
}
resource "aws_glue_crawler" "full" {
  name          = "workflows-test-full"
  description   = "Everything."
  role          = aws_iam_role.r.arn
  database_name = aws_glue_catalog_database.d.name
  table_prefix  = "raw_"
  schedule      = "cron(0 2 * * ? *)"
  s3_target {
    path        = "s3://${aws_s3_bucket.lake.bucket}/full/"
    exclusions  = ["**.tmp"]
    sample_size = 10
  }
  schema_change_policy {
    update_behavior = "LOG"
    delete_behavior = "LOG"
  }
  recrawl_policy { recrawl_behavior = "CRAWL_NEW_FOLDERS_ONLY" }
  lineage_configuration { crawler_lineage_settings = "DISABLE" }
  configuration = jsonencode({
    Version       = 1.0
    Grouping      = { TableGroupingPolicy = "CombineCompatibleSchemas", TableLevelConfiguration = 2 }
    CrawlerOutput = { Partitions = { AddOrUpdateBehavior = "InheritFromTable" } }
  })
}
resource "aws_glue_workflow" "w" {
  name                   = "workflows-test"
  description            = "Hourly."
  max_concurrent_runs    = 1
  default_run_properties = { team = "data" }
}
resource "aws_glue_workflow" "bare" {
  name = "workflows-test-bare"
}
resource "aws_glue_trigger" "hourly" {
  name          = "workflows-test-hourly"
  description   = "Begins."
  type          = "SCHEDULED"
  schedule      = "cron(15 * * * ? *)"
  enabled       = var.enabled
  workflow_name = aws_glue_workflow.w.name
  actions { job_name = aws_glue_job.j["silver"].name }
}
resource "aws_glue_trigger" "then" {
  name          = "workflows-test-then"
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.w.name
  predicate {
    conditions {
      job_name = aws_glue_job.j["silver"].name
      state    = "SUCCEEDED"
    }
  }
  actions {
    job_name  = aws_glue_job.j["gold"].name
    timeout   = 5
    arguments = { "--full" = "1" }
    notification_property { notify_delay_after = 10 }
  }
}
resource "aws_glue_trigger" "either" {
  name              = "workflows-test-either"
  type              = "CONDITIONAL"
  start_on_creation = true
  predicate {
    logical = "ANY"
    conditions {
      job_name = aws_glue_job.j["silver"].name
      state    = "FAILED"
    }
    conditions {
      crawler_name = aws_glue_crawler.plain.name
      crawl_state  = "SUCCEEDED"
    }
  }
  actions { crawler_name = aws_glue_crawler.full.name }
}
resource "aws_glue_trigger" "by_hand" {
  name    = "workflows-test-by-hand"
  type    = "ON_DEMAND"
  enabled = false
  actions { job_name = aws_glue_job.j["gold"].name }
}
resource "aws_glue_trigger" "event" {
  name          = "workflows-test-event"
  type          = "EVENT"
  workflow_name = aws_glue_workflow.bare.name
  event_batching_condition {
    batch_size   = 5
    batch_window = 60
  }
  actions { job_name = aws_glue_job.j["gold"].name }
}
