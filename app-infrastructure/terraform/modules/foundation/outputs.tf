output "kms_key_arn" {
  description = "The platform's key, also found as alias/<project>."
  value       = aws_kms_key.this.arn
}

output "alerts_topic_arn" {
  description = "Topic of alarms and of nightly results, ready to be published to."
  value       = aws_sns_topic.alerts.arn

  depends_on = [aws_sns_topic_policy.alerts]
}

output "artifacts_bucket" {
  description = "Bucket of wheels, job scripts and certificates."
  value       = module.artifacts.name
}
