output "arn" {
  description = "The role's ARN, known once its policy stands: services try their rights when they are given a role."
  value       = aws_iam_role.this.arn

  depends_on = [aws_iam_role_policy.this]
}
