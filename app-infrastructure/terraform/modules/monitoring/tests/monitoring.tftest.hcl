mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"
}

variables {
  project  = "shop"
  web_tier = { load_balancer = "app/shop-web/1", autoscaling_group = "shop-web" }
}

run "every_part_of_the_platform_is_on_the_page" {
  assert {
    condition = alltrue([
      for name in [
        "app/shop-web/1", "shop-source", "arn:aws:states:eu-central-1:111122223333:stateMachine:shop-nightly", "shop-etl-job",
        "shop-events", "shop-profile-updater", "shop-inference", "shop-clickstream", "shop-analytics",
      ] : strcontains(aws_cloudwatch_dashboard.this.dashboard_body, name)
    ])
    error_message = "Shop, source database, state machines, jobs, stream, functions, deliveries and queries belong on it."
  }

  assert {
    condition     = aws_cloudwatch_dashboard.this.dashboard_name == "shop" && !strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "retail")
    error_message = "Every name starts with the project's."
  }
}

run "widgets_fit_the_page_and_do_not_overlap" {
  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.x + widget.width <= 24 && widget.width >= 1])
    error_message = "A dashboard is 24 columns wide."
  }

  assert {
    condition = length(distinct([
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x} ${widget.y}"
    ])) == length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets)
    error_message = "Each widget has a place of its own."
  }
}

run "every_graph_says_which_metrics_it_shows" {
  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets :
      widget.type == "text" || try(length(widget.properties.metrics) > 0 && widget.properties.region == "eu-central-1", false)
    ])
    error_message = "A graph without metrics or region stays empty."
  }
}
