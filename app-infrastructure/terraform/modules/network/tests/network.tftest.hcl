mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"

  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1d"] }
  }
  mock_resource "aws_vpc" {
    defaults = { cidr_block = "10.20.0.0/16" }
  }
}

variables {
  project     = "shop"
  cidr        = "10.20.0.0/16"
  nat         = "single"
  kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one"
}

run "three_zones_have_a_public_and_a_private_subnet_each" {
  assert {
    condition     = keys(aws_subnet.public) == keys(aws_subnet.private) && length(aws_subnet.private) == 3
    error_message = "Three zones, two subnets each."
  }

  assert {
    condition     = length(distinct(concat(values(aws_subnet.public)[*].cidr_block, values(aws_subnet.private)[*].cidr_block))) == 6
    error_message = "Networks must not overlap."
  }
}

run "a_single_nat_gateway_serves_every_private_subnet" {
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3
    error_message = "One gateway, three routes to it."
  }
}

run "one_nat_gateway_per_zone_when_asked" {
  variables {
    nat = "per_az"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3
    error_message = "per_az survives the loss of a zone."
  }
}

run "without_nat_interface_endpoints_carry_the_calls" {
  variables {
    nat = "none"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route.nat) == 0 && contains(keys(aws_vpc_endpoint.interface), "secretsmanager")
    error_message = "A private subnet without NAT needs interface endpoints, or Glue cannot start."
  }

  assert {
    condition     = length(setsubtract(["kinesis-streams", "kms", "lambda", "logs", "monitoring", "secretsmanager", "sqs", "ssm", "ssmmessages"], keys(aws_vpc_endpoint.interface))) == 0
    error_message = "The shop calls these, and Session Manager reaches its instances by two of them."
  }
}

run "s3_and_dynamodb_are_reached_without_nat" {
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.gateway : length(endpoint.route_table_ids) > 0]) && length(aws_vpc_endpoint.gateway) == 2
    error_message = "Both gateway endpoints must be routed from the private subnets."
  }
}

run "the_default_security_group_is_closed" {
  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0
    error_message = "The default group must admit nothing."
  }
}

run "another_kind_of_nat_is_refused" {
  command = plan

  variables {
    nat = "many"
  }

  expect_failures = [var.nat]
}
