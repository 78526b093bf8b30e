locals {
  firewalls = var.firewall.enabled ? toset(["this"]) : toset([])

  # AWS's rules by priority: cheap and broad ones first.
  managed_rules = {
    AWSManagedRulesAmazonIpReputationList = 10
    AWSManagedRulesKnownBadInputsRuleSet  = 20
    AWSManagedRulesCommonRuleSet          = 30
    AWSManagedRulesSQLiRuleSet            = 40
  }
}

resource "aws_wafv2_web_acl" "this" {
  #checkov:skip=CKV2_AWS_31:the access logs say which requests WAF stopped, and it keeps samples of them itself
  #checkov:skip=CKV_AWS_192:checkov does not see rules made by a dynamic block; a test asserts KnownBadInputs, which stops Log4j lookups
  for_each = local.firewalls

  name        = local.name
  description = "In front of the shop: floods, known bad senders, known bad requests."
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 0

    action {
      block {}
    }

    statement {
      rate_based_statement {
        aggregate_key_type    = "IP"
        limit                 = var.firewall.requests_per_client
        evaluation_window_sec = 300
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
      metric_name                = "rate"
    }
  }

  dynamic "rule" {
    for_each = local.managed_rules

    content {
      name     = rule.key
      priority = rule.value

      # The group's own actions hold.
      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
        metric_name                = rule.key
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
    metric_name                = local.name
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  for_each = local.firewalls

  resource_arn = aws_lb.this.arn
  web_acl_arn  = aws_wafv2_web_acl.this[each.key].arn
}
