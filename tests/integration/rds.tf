# What the RDS tests apply: every argument of a DB instance that the roots use, and a few more.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
provider "aws" {}
resource "aws_kms_key" "k" {}
resource "aws_vpc" "v" { cidr_block = "10.0.0.0/16" }
data "aws_availability_zones" "z" {}
resource "aws_subnet" "s" {
  count             = 2
  vpc_id            = aws_vpc.v.id
  cidr_block        = "10.0.${count.index}.0/24"
  availability_zone = data.aws_availability_zones.z.names[count.index]
}
resource "aws_security_group" "g" { vpc_id = aws_vpc.v.id }
resource "aws_db_subnet_group" "s" {
  name       = "tfs"
  subnet_ids = aws_subnet.s[*].id
}
resource "aws_db_parameter_group" "m" {
  name   = "tfm"
  family = "mysql8.4"
  dynamic "parameter" {
    for_each = { character_set_server = "utf8mb4", collation_server = "utf8mb4_0900_ai_ci", log_output = "FILE", long_query_time = "1", require_secure_transport = "1", slow_query_log = "1", time_zone = "UTC" }
    content {
      name  = parameter.key
      value = parameter.value
    }
  }
}
resource "aws_db_parameter_group" "p" {
  name   = "tfp"
  family = "postgres18"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name         = "shared_preload_libraries"
    value        = "pg_stat_statements"
    apply_method = "pending-reboot"
  }
}
resource "aws_db_instance" "m" {
  identifier                          = "tf-mysql"
  engine                              = "mysql"
  engine_version                      = "8.4"
  instance_class                      = "db.t4g.micro"
  allocated_storage                   = 20
  max_allocated_storage               = 100
  storage_type                        = "gp3"
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.k.arn
  db_name                             = "classicmodels"
  username                            = "retail_admin"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.k.arn
  db_subnet_group_name                = aws_db_subnet_group.s.name
  vpc_security_group_ids              = [aws_security_group.g.id]
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"
  parameter_group_name                = aws_db_parameter_group.m.name
  backup_retention_period             = 1
  apply_immediately                   = true
  backup_window                       = "03:00-04:00"
  maintenance_window                  = "sun:04:30-sun:05:30"
  copy_tags_to_snapshot               = true
  performance_insights_enabled        = true
  performance_insights_kms_key_id     = aws_kms_key.k.arn
  enabled_cloudwatch_logs_exports     = ["error", "slowquery"]
  iam_database_authentication_enabled = true
  deletion_protection                 = false
  skip_final_snapshot                 = true
  tags                                = { a = "b" }
}
resource "aws_db_instance" "p" {
  identifier                      = "tf-pg"
  engine                          = "postgres"
  engine_version                  = "18"
  instance_class                  = "db.t4g.micro"
  allocated_storage               = 20
  db_name                         = "vectors"
  username                        = "retail_admin"
  password_wo                     = "secret-pass-1"
  password_wo_version             = 1
  parameter_group_name            = aws_db_parameter_group.p.name
  db_subnet_group_name            = aws_db_subnet_group.s.name
  skip_final_snapshot             = true
  performance_insights_enabled    = true
  enabled_cloudwatch_logs_exports = ["postgresql"]
  storage_encrypted               = true
}
