output "dashboard_name" {
  description = "The platform's dashboard in CloudWatch."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
