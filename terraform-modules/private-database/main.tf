# An RDS instance that is private and encrypted. Nobody but set-up and rotation works as its master user.
locals {
  name = "${var.project}-${var.name}"
}

resource "aws_db_instance" "this" {
  identifier     = local.name
  engine         = var.engine.name
  engine_version = var.engine.version
  instance_class = var.capacity.instance_class
  multi_az       = var.capacity.multi_az

  allocated_storage     = var.capacity.storage_gib
  max_allocated_storage = var.capacity.storage_gib * 5
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  db_name  = var.database
  username = "retail_admin"
  # RDS makes the password, keeps it in Secrets Manager and rotates it every seven days: it never reaches the state.
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  publicly_accessible    = false
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.this.name

  backup_retention_period    = var.capacity.backup_days
  backup_window              = "03:00-04:00"
  maintenance_window         = "sun:04:30-sun:05:30"
  auto_minor_version_upgrade = true
  copy_tags_to_snapshot      = true

  performance_insights_enabled    = var.capacity.insights
  performance_insights_kms_key_id = var.capacity.insights ? var.kms_key_arn : null
  enabled_cloudwatch_logs_exports = keys(aws_cloudwatch_log_group.exported)

  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = var.deletion_protection ? "${local.name}-final" : null
  delete_automated_backups  = !var.deletion_protection
}

# Made here rather than by RDS, so that they are encrypted, expire, and go with the database.
resource "aws_cloudwatch_log_group" "exported" {
  for_each = var.engine.logs

  name              = "/aws/rds/instance/${local.name}/${each.key}"
  retention_in_days = 90
  kms_key_id        = var.kms_key_arn
}
