output "name" {
  description = "The workflow's name, known once its triggers are there: `aws glue start-workflow-run --name` starts it by hand."
  value       = aws_glue_workflow.this.name

  depends_on = [aws_glue_trigger.after, aws_glue_trigger.start]
}

output "arn" {
  description = "The workflow's ARN."
  value       = aws_glue_workflow.this.arn
}
