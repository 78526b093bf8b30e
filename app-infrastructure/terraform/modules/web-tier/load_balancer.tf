resource "aws_lb" "this" {
  #checkov:skip=CKV2_AWS_20:HTTP redirects as soon as there is a certificate; a test asserts it
  #checkov:skip=CKV2_AWS_76:checkov does not see rules made by a dynamic block; a test asserts KnownBadInputs
  name               = local.name
  load_balancer_type = "application"
  subnets            = var.network.public_subnet_ids
  security_groups    = [aws_security_group.load_balancer.id]

  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  idle_timeout               = 60

  access_logs {
    enabled = true
    bucket  = aws_s3_bucket_policy.access_logs.bucket
  }
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; the way to the instances is inside private subnets, by group alone
  name     = local.name
  vpc_id   = var.network.vpc_id
  protocol = "HTTP"
  port     = local.port

  # A slow page on one instance sends the next request to the other.
  load_balancing_algorithm_type = "least_outstanding_requests"
  deregistration_delay          = 30

  # /healthz asks the process alone: a database that is down must not have the group replace every instance.
  health_check {
    path                = "/healthz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_2:with a certificate this listener only redirects; without one there is no TLS to offer
  #checkov:skip=CKV_AWS_103:with a certificate this listener only redirects; without one there is no TLS to offer
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTP"
  port              = 80

  default_action {
    type             = var.certificate_arn == null ? "forward" : "redirect"
    target_group_arn = var.certificate_arn == null ? aws_lb_target_group.this.arn : null

    dynamic "redirect" {
      for_each = var.certificate_arn == null ? [] : ["HTTPS"]

      content {
        protocol    = redirect.value
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count = var.certificate_arn == null ? 0 : 1

  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTPS"
  port              = 443
  certificate_arn   = var.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}
