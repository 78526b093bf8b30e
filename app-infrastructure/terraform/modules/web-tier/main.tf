# The shop's web tier: instances that run the storefront, as many as the load asks for, over the private subnets.
data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  name    = "${var.project}-web"
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.name
  arn     = "arn:${data.aws_partition.current.partition}"
}

resource "aws_autoscaling_group" "this" {
  name                = local.name
  min_size            = var.capacity.min
  max_size            = var.capacity.max
  vpc_zone_identifier = var.network.private_subnet_ids
  target_group_arns   = [aws_lb_target_group.this.arn]

  # The load balancer's own check, so that a process that hangs is replaced like a machine that died.
  health_check_type         = "ELB"
  health_check_grace_period = local.boot_seconds
  default_instance_warmup   = local.boot_seconds
  wait_for_elb_capacity     = var.capacity.min

  service_linked_role_arn = aws_iam_service_linked_role.autoscaling.arn
  termination_policies    = ["OldestLaunchTemplate", "OldestInstance"]
  metrics_granularity     = "1Minute"
  enabled_metrics         = ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances"]

  launch_template {
    id = aws_launch_template.this.id
    # A number, not $Latest: only so is there a version to roll back to, and a diff when it changes.
    version = aws_launch_template.this.latest_version
  }

  # A new version comes up beside the old one, which serves until then.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 100
      max_healthy_percentage = 150
      instance_warmup        = local.boot_seconds
      auto_rollback          = true
      skip_matching          = true
    }
  }

  # Default tags do not reach instances that the group starts; `retail tunnel` finds them by Project.
  dynamic "tag" {
    for_each = local.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  # The first instance boots at once: its rights, what it installs and who asks for it must stand.
  depends_on = [
    aws_iam_role_policy.storefront,
    aws_kms_grant.volumes,
    aws_lb_listener.http,
    aws_s3_object.wheel,
    aws_secretsmanager_secret_version.session,
    module.clients,
  ]
}

# Time between the end of the load balancer's draining and the end of the process: what it still buffers leaves for the
# stream or the spill queue. Afterwards the shutdown stops the unit, which hands over the rest.
resource "aws_autoscaling_lifecycle_hook" "drain" {
  name                   = "drain"
  autoscaling_group_name = aws_autoscaling_group.this.name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout      = 30
  default_result         = "CONTINUE"
}
