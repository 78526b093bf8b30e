mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"

  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-1" }
  }
  mock_resource "aws_lb" {
    defaults = {
      arn        = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/shop-web/1"
      arn_suffix = "app/shop-web/1"
      dns_name   = "shop-web-1.example.internal"
    }
  }
  mock_resource "aws_lb_target_group" {
    defaults = {
      arn        = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/shop-web/2"
      arn_suffix = "targetgroup/shop-web/2"
    }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-1", latest_version = 3 }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::111122223333:instance-profile/shop-web" }
  }
  mock_resource "aws_iam_service_linked_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_shop" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::shop-access-logs-111122223333-eu-central-1" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:eu-central-1:111122223333:shop-browse-events-spill"
      url = "https://sqs.example.internal/111122223333/shop-browse-events-spill"
    }
  }
  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop-web/3" }
  }
}

variables {
  project = "shop"
  network = {
    vpc_id             = "vpc-1"
    public_subnet_ids  = ["subnet-1", "subnet-2", "subnet-3"]
    private_subnet_ids = ["subnet-4", "subnet-5", "subnet-6"]
  }
  database = {
    endpoint          = "db.example.internal"
    port              = 3306
    name              = "classicmodels"
    security_group_id = "sg-database"
    writer_secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/source/retail_writer"
  }
  artifacts = {
    dir    = "tests/artifacts"
    bucket = "shop-artifacts-111122223333-eu-central-1"
    ca_key = "ca/source-ca.pem"
  }
  session_secret = {
    session_key = "a-session-key-that-is-long-enough-to-sign"
    api_token   = "an-api-token-that-is-long-enough-to-admit"
  }
  alerts_topic_arn    = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
}

# --- Who may come in ---

run "by_default_http_serves_the_shop_and_instances_admit_the_load_balancer_alone" {
  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.load_balancer.referenced_security_group_id == aws_security_group.load_balancer.id
      && aws_vpc_security_group_ingress_rule.load_balancer.from_port == 8000
      && aws_vpc_security_group_ingress_rule.load_balancer.to_port == 8000
      && aws_vpc_security_group_ingress_rule.load_balancer.cidr_ipv4 == null
    )
    error_message = "Nobody but the load balancer may reach the app's port."
  }

  assert {
    condition     = toset(aws_launch_template.this.vpc_security_group_ids) == toset([module.clients.security_group_id])
    error_message = "Instances carry the one group whose rules are asserted."
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "forward" && length(aws_lb_listener.https) == 0
    error_message = "Without a certificate there is HTTP alone."
  }

  assert {
    condition     = toset(values(aws_vpc_security_group_ingress_rule.visitors)[*].from_port) == toset([80])
    error_message = "A port that nothing listens on stays shut."
  }

  assert {
    condition     = output.url == "http://shop-web-1.example.internal"
    error_message = "The URL must say how the shop is served."
  }
}

run "with_a_certificate_http_only_redirects" {
  variables {
    certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/one"
  }

  assert {
    condition = (
      aws_lb_listener.http.default_action[0].type == "redirect"
      && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS"
      && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    )
    error_message = "No page may be served in clear once there is a certificate."
  }

  assert {
    condition     = startswith(aws_lb_listener.https[0].ssl_policy, "ELBSecurityPolicy-TLS13-1-2-") && aws_lb_listener.https[0].certificate_arn == var.certificate_arn
    error_message = "HTTPS is TLS 1.2 or later."
  }

  assert {
    condition     = toset(values(aws_vpc_security_group_ingress_rule.visitors)[*].from_port) == toset([80, 443])
    error_message = "Both listeners must be reachable."
  }
}

run "visitors_can_be_narrowed_to_networks" {
  variables {
    ingress_cidrs = ["203.0.113.0/24", "198.51.100.0/24"]
  }

  assert {
    condition     = toset(values(aws_vpc_security_group_ingress_rule.visitors)[*].cidr_ipv4) == toset(["203.0.113.0/24", "198.51.100.0/24"])
    error_message = "Only the networks that were named may visit."
  }
}

run "the_load_balancer_is_guarded_and_keeps_its_logs" {
  assert {
    condition = alltrue([
      for group in ["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet", "rate"] :
      contains([for rule in aws_wafv2_web_acl.this["this"].rule : rule.name], group)
    ])
    error_message = "The firewall must hold the four groups and the rate rule."
  }

  assert {
    condition     = aws_wafv2_web_acl.this["this"].scope == "REGIONAL" && aws_wafv2_web_acl_association.this["this"].resource_arn == aws_lb.this.arn
    error_message = "A load balancer takes a REGIONAL ACL, and needs the association."
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.enable_deletion_protection && aws_lb.this.access_logs[0].enabled
    error_message = "Malformed headers are dropped, deletion is refused, requests are logged."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.access_logs.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Load balancers cannot write to a bucket with a KMS key."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.access_logs.block_public_policy && aws_s3_bucket_public_access_block.access_logs.restrict_public_buckets
    error_message = "Access logs hold visitors' addresses."
  }

  assert {
    condition = one([
      for statement in data.aws_iam_policy_document.access_logs.statement : statement.resources if statement.sid == "LoadBalancersOfThisAccountDeliver"
    ]) == toset(["arn:aws:s3:::shop-access-logs-111122223333-eu-central-1/AWSLogs/111122223333/*"])
    error_message = "Only this account's load balancers may deliver."
  }
}

run "the_firewall_can_be_left_out" {
  variables {
    firewall = { enabled = false }
  }

  assert {
    condition     = length(aws_wafv2_web_acl.this) + length(aws_wafv2_web_acl_association.this) == 0
    error_message = "What is not wanted must not be paid for."
  }
}

# --- What an instance is ---

run "an_instance_is_closed_and_encrypted" {
  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "IMDSv2 alone, one hop."
  }

  assert {
    condition     = tobool(aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted) && aws_launch_template.this.block_device_mappings[0].ebs[0].kms_key_id == var.kms_key_arn
    error_message = "The volume must use the platform's key."
  }

  assert {
    condition     = aws_kms_grant.volumes.grantee_principal == aws_autoscaling_group.this.service_linked_role_arn && contains(aws_kms_grant.volumes.operations, "CreateGrant")
    error_message = "Without a grant to the role that starts instances, they end as they start."
  }

  assert {
    condition     = aws_launch_template.this.key_name == null && !strcontains(local.user_data, "ssh")
    error_message = "Session Manager is the way in."
  }

  assert {
    condition     = contains(flatten(data.aws_iam_policy_document.storefront.statement[*].actions), "ssmmessages:OpenDataChannel")
    error_message = "Session Manager needs its channels."
  }
}

run "rights_name_their_actions_and_resources" {
  assert {
    condition     = alltrue([for action in flatten(data.aws_iam_policy_document.storefront.statement[*].actions) : !endswith(action, "*")])
    error_message = "Every action is named."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.storefront.statement : statement.sid if contains(statement.resources, "*")] == ["ReadMetrics", "BeReachedBySessionManager"]
    error_message = "Only Session Manager's actions and GetMetricData know no resource."
  }

  assert {
    condition = toset(one([
      for statement in data.aws_iam_policy_document.storefront.statement : statement.resources if contains(statement.actions, "secretsmanager:GetSecretValue")
    ])) == toset([var.database.writer_secret_arn, aws_secretsmanager_secret.session.arn])
    error_message = "The storefront reads exactly its own two secrets."
  }
}

run "user_data_is_cloud_config_that_installs_the_storefront_and_holds_no_secret" {
  assert {
    condition     = base64decode(aws_launch_template.this.user_data) == local.user_data && startswith(local.user_data, "#cloud-config\n") && can(yamldecode(local.user_data))
    error_message = "cloud-init must recognise and parse it."
  }

  assert {
    condition     = !strcontains(local.user_data, "a-session-key") && !strcontains(local.user_data, "an-api-token") && length(base64encode(local.user_data)) < 16384
    error_message = "User data is readable by whoever may describe instances, and EC2 takes 16 KB."
  }

  assert {
    condition = toset([
      for line in split("\n", trimspace(one([for file in yamldecode(local.user_data).write_files : file.content if file.path == "/etc/retail/storefront.env"]))) : split("=", line)[0]
      ]) == toset([
      "PROJECT", "AWS_DEFAULT_REGION", "PORT", "WEB_CONCURRENCY", "DB_SECRET_ARN", "DB_HOST", "DB_PORT", "DB_NAME", "CA_BUNDLE",
      "SESSION_SECRET_ARN", "SPILL_QUEUE_URL", "BEHIND_LOAD_BALANCER", "RATE_LIMIT_PER_MINUTE", "PROMETHEUS_MULTIPROC_DIR",
      "AUTOSCALING_GROUP", "LOAD_BALANCER", "TARGET_GROUP",
    ])
    error_message = "The storefront's settings are these names."
  }

  assert {
    condition = strcontains(
      one([for file in yamldecode(local.user_data).write_files : file.content if file.path == "/etc/systemd/system/storefront.service"]),
      "--port $${PORT} ",
    )
    error_message = "systemd, not Terraform, expands PORT."
  }

  assert {
    condition     = strcontains(local.user_data, "# Release ${local.release}.") && length(local.release) == 12
    error_message = "The release must be part of the user data, or new wheels reach no instance."
  }

  assert {
    condition     = keys(aws_s3_object.wheel) == ["storefront/storefront-1.0-py3-none-any.whl"]
    error_message = "Every wheel is uploaded under the prefix that instances install from."
  }
}

run "a_missing_wheelhouse_says_what_to_run" {
  command = plan

  variables {
    artifacts = { dir = "tests/none", bucket = "shop-artifacts", ca_key = "ca/source-ca.pem" }
  }

  expect_failures = [aws_launch_template.this]
}

# --- How many there are ---

run "the_group_heals_drains_and_rolls_out_without_losing_capacity" {
  assert {
    condition     = toset(aws_autoscaling_group.this.vpc_zone_identifier) == toset(var.network.private_subnet_ids) && aws_autoscaling_group.this.health_check_type == "ELB"
    error_message = "Instances stand in every private subnet and are replaced when they stop answering."
  }

  assert {
    condition     = aws_autoscaling_group.this.min_size == 2 && aws_autoscaling_group.this.max_size == 4
    error_message = "Two to four by default."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].path == "/healthz"
    error_message = "The check asks the process alone."
  }

  assert {
    condition = (
      aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 100
      && aws_autoscaling_group.this.instance_refresh[0].preferences[0].max_healthy_percentage == 150
      && aws_autoscaling_group.this.instance_refresh[0].preferences[0].auto_rollback
      && aws_autoscaling_group.this.launch_template[0].version == "3"
    )
    error_message = "A roll-out loses no capacity, and rolls back to a version that has a number."
  }

  assert {
    condition     = aws_autoscaling_lifecycle_hook.drain.lifecycle_transition == "autoscaling:EC2_INSTANCE_TERMINATING" && aws_autoscaling_lifecycle_hook.drain.default_result == "CONTINUE"
    error_message = "The hook waits, and then lets the instance go."
  }

  assert {
    condition     = tonumber(aws_lb_target_group.this.deregistration_delay) >= 30
    error_message = "Requests in flight are finished."
  }

  assert {
    condition     = anytrue([for tag in aws_autoscaling_group.this.tag : tag.key == "Project" && tag.value == "shop" && tag.propagate_at_launch])
    error_message = "`retail tunnel` looks for the tag on instances."
  }
}

run "scaling_follows_requests_and_cpu" {
  assert {
    condition     = one(one(aws_autoscaling_policy.requests.target_tracking_configuration).predefined_metric_specification).resource_label == "app/shop-web/1/targetgroup/shop-web/2"
    error_message = "The label is load balancer and target group, or the policy is refused."
  }

  assert {
    condition = alltrue([
      for policy in [aws_autoscaling_policy.requests, aws_autoscaling_policy.cpu] :
      policy.policy_type == "TargetTrackingScaling" && one(policy.target_tracking_configuration).disable_scale_in != true
    ])
    error_message = "Both policies must scale out and in."
  }
}

# --- What is kept, and who is told ---

run "what_is_kept_is_encrypted_and_no_secret_is_in_the_state" {
  assert {
    condition     = aws_sqs_queue.spill.kms_master_key_id == var.kms_key_arn && aws_sqs_queue.dead.kms_master_key_id == var.kms_key_arn && aws_sqs_queue.spill.message_retention_seconds == 1209600
    error_message = "Both queues use the platform's key, and keep events as long as SQS can."
  }

  assert {
    condition     = contains(keys(aws_cloudwatch_metric_alarm.this), "shop-web-events-dead")
    error_message = "Somebody must hear of events that were given up."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.session.secret_string == null && aws_secretsmanager_secret_version.session.secret_string_wo == null
    error_message = "The state must not hold the values."
  }
}

run "every_alarm_reaches_the_topic" {
  assert {
    condition = keys(aws_cloudwatch_metric_alarm.this) == [
      "shop-web-at-maximum", "shop-web-errors", "shop-web-events-dead", "shop-web-events-wait", "shop-web-load-balancer-errors", "shop-web-slow", "shop-web-unhealthy",
    ] && alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([var.alerts_topic_arn])])
    error_message = "Errors of both kinds, health, latency, capacity and lost events: all of them to the topic."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["shop-web-slow"].extended_statistic == "p99"
    error_message = "An average hides the slow ones."
  }
}

run "a_short_signing_key_is_refused" {
  command = plan

  variables {
    session_secret = { session_key = "short", api_token = "an-api-token-that-is-long-enough-to-admit" }
  }

  expect_failures = [var.session_secret]
}

run "a_maximum_below_the_minimum_is_refused" {
  command = plan

  variables {
    capacity = { min = 3, max = 2 }
  }

  expect_failures = [var.capacity]
}

run "an_address_that_is_no_network_is_refused" {
  command = plan

  variables {
    ingress_cidrs = ["everybody"]
  }

  expect_failures = [var.ingress_cidrs]
}
