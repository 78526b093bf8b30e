variable "reports" {
  description = "Where a run leaves its report: s3://<bucket>/<prefix><run id>/report.json."
  type        = object({ bucket = string, prefix = optional(string, "runs/") })
  nullable    = false
}
