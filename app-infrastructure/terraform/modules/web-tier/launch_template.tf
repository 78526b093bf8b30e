locals {
  tags = { Name = local.name, Project = var.project }
  port = 8000

  # Python, the wheelhouse and the first import: two minutes on the smallest instance, and some air.
  boot_seconds = 180

  # Instances started from an earlier release differ by this line, so new wheels or certificates replace them.
  installed = [for key in concat(local.wheels, [var.artifacts.ca_key]) : "${var.artifacts.dir}/${key}"]
  release   = substr(sha256(join("", [for path in local.installed : fileexists(path) ? filesha256(path) : ""])), 0, 12)

  user_data = templatefile("${path.module}/user-data.yaml.tftpl", {
    release            = local.release
    project            = var.project
    region             = local.region
    artifacts_bucket   = var.artifacts.bucket
    ca_key             = var.artifacts.ca_key
    log_group          = aws_cloudwatch_log_group.this.name
    db_secret_arn      = var.database.writer_secret_arn
    db_host            = var.database.endpoint
    db_port            = var.database.port
    db_name            = var.database.name
    session_secret_arn = aws_secretsmanager_secret.session.arn
    spill_queue_url    = aws_sqs_queue.spill.url
    port               = local.port
    processes          = var.capacity.processes
    rate_limit         = floor(var.firewall.requests_per_client / 5)
    autoscaling_group  = local.name
    load_balancer      = aws_lb.this.arn_suffix
    target_group       = aws_lb_target_group.this.arn_suffix
  })
}

# Read at each plan: a new image is a diff that somebody sees, and the instance refresh brings it in. insecure_value,
# because an image's id is public and a plan that hides it hides the diff.
data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

# No key pair: people come in by Session Manager, which logs who and needs no open port.
resource "aws_launch_template" "this" {
  name                   = local.name
  description            = "Storefront on Amazon Linux 2023, release ${local.release}."
  image_id               = data.aws_ssm_parameter.image.insecure_value
  instance_type          = var.capacity.instance_type
  user_data              = base64encode(local.user_data)
  vpc_security_group_ids = [module.clients.security_group_id]
  update_default_version = true

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  # One hop: the token stays on the machine, and a request forged through the shop does not get it.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = 10
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])

    content {
      resource_type = tag_specifications.key
      tags          = local.tags
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.wheels) > 0
      error_message = "${var.artifacts.dir}/storefront holds no wheel: run `make package` first."
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/ec2/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}
