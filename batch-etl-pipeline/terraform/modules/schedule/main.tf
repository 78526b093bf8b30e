# The nightly run: the ETL job stage by stage, then its counts, or the reasons, to the alerts topic.
locals {
  name = "${var.project}-nightly"
}

module "machine" {
  source = "../../../../terraform-modules/scheduled-state-machine"

  project          = var.project
  name             = "nightly"
  definition       = jsonencode(local.definition)
  policy_json      = data.aws_iam_policy_document.machine.json
  policy_names     = { machine = "run-the-night", scheduler = "start-the-night" }
  schedule         = var.schedule
  alerts_topic_arn = var.alerts_topic_arn
  kms_key_arn      = var.kms_key_arn
  account_id       = local.account
}
