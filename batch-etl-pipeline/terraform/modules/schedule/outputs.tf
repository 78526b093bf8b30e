output "state_machine_arn" {
  description = "The nightly state machine."
  value       = module.machine.arn
}
