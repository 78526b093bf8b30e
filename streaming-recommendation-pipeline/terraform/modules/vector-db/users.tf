# Application users. Terraform makes their secrets empty; the rotation function makes the users and fills the secrets,
# at once and every thirty days, so that no password is ever in a variable, a plan or the state.
locals {
  users = {
    retail_inference       = "Reads vectors and recent interactions: the recommendation functions."
    retail_profile_updater = "Keeps recent interactions: the profile updater."
    retail_loader          = "Owns the tables and loads model versions."
  }
}

resource "aws_secretsmanager_secret" "user" {
  for_each = local.users

  name                    = "${var.project}/vector-db/${each.key}"
  description             = each.value
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.deletion_protection ? 7 : 0
}

resource "aws_secretsmanager_secret_rotation" "user" {
  for_each = local.users

  secret_id           = aws_secretsmanager_secret.user[each.key].id
  rotation_lambda_arn = module.rotation.arn
  rotate_immediately  = true

  rotation_rules {
    automatically_after_days = 30
  }

  # The first rotation starts at once: the way to the database must stand.
  depends_on = [
    aws_lambda_permission.rotation,
    aws_vpc_security_group_egress_rule.functions_to_aws,
    aws_vpc_security_group_egress_rule.functions_to_database,
    aws_vpc_security_group_ingress_rule.functions,
  ]
}
