data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = module.flow_role.arn
  max_aggregation_interval = 600

  tags = { Name = var.project }
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/aws/vpc/${var.project}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

module "flow_role" {
  source = "../../../../terraform-modules/service-role"

  name        = "${var.project}-flow-logs"
  description = "Lets VPC flow logs write to their log group."
  account_id  = local.account
  trusted     = { service = "vpc-flow-logs.amazonaws.com", source_arn = "arn:${data.aws_partition.current.partition}:ec2:${data.aws_region.current.name}:${local.account}:vpc-flow-log/*" }
  policy      = { name = "write-flow-logs", json = data.aws_iam_policy_document.flow.json }
}

# No logs:CreateLogGroup: a last delivery after `destroy` must not bring the group back.
data "aws_iam_policy_document" "flow" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]
    resources = [aws_cloudwatch_log_group.flow.arn, "${aws_cloudwatch_log_group.flow.arn}:*"]
  }
}
