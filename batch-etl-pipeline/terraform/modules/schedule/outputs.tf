output "state_machine_arn" {
  description = "The nightly state machine."
  value       = aws_sfn_state_machine.this.arn
}
