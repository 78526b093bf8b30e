data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  # Composed: the database and its loader come after this module.
  loader_arn = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.name}:${var.account_id}:function:${var.project}-vector-loader"
}

data "aws_iam_policy_document" "machine" {
  statement {
    sid       = "RunTheJobs"
    actions   = ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]
    resources = [module.ml_etl_job.arn, module.train_job.arn]
  }

  statement {
    sid       = "MakeLive"
    actions   = ["lambda:InvokeFunction"]
    resources = [local.loader_arn]
  }

  statement {
    sid       = "ReadReports"
    actions   = ["s3:GetObject"]
    resources = ["${var.lake_bucket.arn}/runs/*"]
  }
}
