output "url" {
  description = "Where the shop is, by the load balancer's own name: with a certificate, point its name here."
  value       = "${var.certificate_arn == null ? "http" : "https"}://${aws_lb.this.dns_name}"

  # Whoever reads it calls at once.
  depends_on = [
    aws_autoscaling_group.this,
    aws_lb_listener.http,
    aws_lb_listener.https,
    aws_vpc_security_group_egress_rule.storefront,
    aws_vpc_security_group_ingress_rule.load_balancer,
    aws_vpc_security_group_ingress_rule.visitors,
  ]
}

output "autoscaling_group_name" {
  description = "The group of the storefront's instances."
  value       = aws_autoscaling_group.this.name
}

output "load_balancer" {
  description = "The load balancer: for DNS its name and the hosted zone that an alias record names, for metrics its suffix."
  value       = { dns_name = aws_lb.this.dns_name, zone_id = aws_lb.this.zone_id, arn_suffix = aws_lb.this.arn_suffix }
}

output "session_secret_arn" {
  description = "Secret of session_key and api_token; retail-api-fetch reads the latter."
  value       = aws_secretsmanager_secret.session.arn

  depends_on = [aws_secretsmanager_secret_version.session]
}

output "spill_queue" {
  description = "Queue of browse events that the stream did not take."
  value       = { arn = aws_sqs_queue.spill.arn, url = aws_sqs_queue.spill.url }
}

output "security_group_id" {
  description = "Group of the storefront's instances."
  value       = module.clients.security_group_id
}
