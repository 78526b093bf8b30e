mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"
}

variables {
  project             = "shop"
  network             = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"] }
  code                = { dir = "tests/artifacts", layer_arn = "arn:aws:lambda:eu-central-1:111122223333:layer:shop-batch-etl:1" }
  alerts_topic_arn    = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
}

run "plain_text_is_refused" {
  assert {
    condition     = local.parameters.dynamic["rds.force_ssl"] == "1"
    error_message = "TLS only."
  }
}

run "loading_and_reading_are_two_users" {
  assert {
    condition     = keys(output.secret_arns) == ["loader", "reader"]
    error_message = "Nobody but set-up and rotation works as the master user."
  }
}

run "alarms_watch_the_warehouse_itself" {
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.dimensions.DBInstanceIdentifier == module.database.identifier && alarm.alarm_actions == toset([var.alerts_topic_arn])])
    error_message = "An alarm names the instance and somebody to tell."
  }
}

run "nobody_is_admitted_but_the_rotation_and_the_ways_in" {
  variables {
    ways_in = { shop = "sg-shop" }
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.people["shop"].referenced_security_group_id == "sg-shop" && aws_vpc_security_group_ingress_rule.people["shop"].from_port == 5432 && aws_vpc_security_group_ingress_rule.people["shop"].cidr_ipv4 == null
    error_message = "People come through the shop's instances, from no address range."
  }
}
