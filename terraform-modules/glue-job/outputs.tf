output "name" {
  description = "The job's name, known once its role may do the work."
  value       = aws_glue_job.this.name

  depends_on = [
    aws_iam_role_policy.data,
    aws_iam_role_policy.network,
    aws_iam_role_policy.run,
    aws_vpc_security_group_egress_rule.aws,
    aws_vpc_security_group_egress_rule.database,
    aws_vpc_security_group_ingress_rule.database,
    aws_vpc_security_group_ingress_rule.workers,
  ]
}

output "arn" {
  description = "The job's ARN."
  value       = aws_glue_job.this.arn
}

output "log_prefix" {
  description = "Standard output is in <prefix>/output, everything else in <prefix>/error, one stream a run."
  value       = local.log_prefix
}

output "role_name" {
  description = "Name of the role that the job works with."
  value       = aws_iam_role.this.name
}
