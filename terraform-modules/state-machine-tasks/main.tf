# States that more than one state machine is made of, for `merge` in a definition: a Glue run, its report, a notice, the
# end. They make no resource.
data "aws_partition" "current" {}

locals {
  integration = "arn:${data.aws_partition.current.partition}:states:::"
}
