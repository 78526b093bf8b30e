mock_provider "aws" {}

variables {
  name         = "shop-readers"
  descriptions = { group = "Readers: call the database and AWS, are called by nobody.", clients = "Readers" }
  vpc_id       = "vpc-1"
  database     = { security_group_id = "sg-database", port = 5432, protocol = "PostgreSQL" }
}

run "the_database_admits_the_group_and_no_address" {
  assert {
    condition     = aws_vpc_security_group_ingress_rule.database.security_group_id == "sg-database" && aws_vpc_security_group_ingress_rule.database.referenced_security_group_id == aws_security_group.this.id && aws_vpc_security_group_ingress_rule.database.cidr_ipv4 == null
    error_message = "No address range may reach the database."
  }
}

run "clients_reach_the_database_on_its_port_and_aws_by_https" {
  assert {
    condition     = aws_vpc_security_group_egress_rule.database.referenced_security_group_id == "sg-database" && aws_vpc_security_group_egress_rule.database.from_port == 5432 && aws_vpc_security_group_egress_rule.database.to_port == 5432
    error_message = "The database's port, in the database's group."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.aws.from_port == 443 && aws_vpc_security_group_egress_rule.aws.to_port == 443
    error_message = "AWS is called by HTTPS alone."
  }
}
