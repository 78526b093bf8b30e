# The whole platform on one page, from the shop to Athena. What the other roots make is found by its contracted name:
# this stands before they do, and their graphs fill when they come.
data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  region        = data.aws_region.current.name
  state_machine = "arn:${data.aws_partition.current.partition}:states:${local.region}:${data.aws_caller_identity.current.account_id}:stateMachine:${var.project}-"

  # A row of the page each: a heading, and graphs that share its width.
  rows = [
    { title = "Shop", graphs = local.shop },
    { title = "Source database", graphs = local.source_database },
    { title = "Batch: state machines and Glue jobs", graphs = local.batch },
    { title = "Stream: events, functions, deliveries", graphs = local.stream },
    { title = "Queries", graphs = local.queries },
  ]

  heading_height = 1
  graph_height   = 6
  row_height     = local.heading_height + local.graph_height

  headings = [for index, row in local.rows : {
    type       = "text"
    x          = 0
    y          = index * local.row_height
    width      = 24
    height     = local.heading_height
    properties = { markdown = "## ${row.title}" }
  }]

  graphs = flatten([for index, row in local.rows : [for column, graph in row.graphs : {
    type   = "metric"
    x      = column * floor(24 / length(row.graphs))
    y      = index * local.row_height + local.heading_height
    width  = floor(24 / length(row.graphs))
    height = local.graph_height
    properties = {
      title   = graph.title
      region  = local.region
      view    = "timeSeries"
      stat    = graph.stat
      period  = 300
      metrics = graph.metrics
    }
  }]])
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.project
  dashboard_body = jsonencode({ widgets = concat(local.headings, local.graphs) })
}
