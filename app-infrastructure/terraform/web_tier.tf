# The shop, and one page that shows the whole platform.
ephemeral "aws_secretsmanager_random_password" "session" {
  for_each = toset(["session_key", "api_token"])

  password_length     = 64
  exclude_punctuation = true
}

module "web_tier" {
  source = "./modules/web-tier"

  project             = var.project
  kms_key_arn         = module.foundation.kms_key_arn
  alerts_topic_arn    = module.foundation.alerts_topic_arn
  deletion_protection = var.deletion_protection
  certificate_arn     = var.shop.certificate_arn
  ingress_cidrs       = var.shop.ingress_cidrs
  firewall            = var.firewall
  capacity            = local.production ? { instance_type = "m7i.large" } : {}

  network = {
    vpc_id             = module.network.vpc_id
    public_subnet_ids  = module.network.public_subnet_ids
    private_subnet_ids = module.network.private_subnet_ids
  }

  database = {
    endpoint          = module.source_database.connection.endpoint
    port              = module.source_database.connection.port
    name              = module.source_database.connection.name
    security_group_id = module.source_database.connection.security_group_id
    writer_secret_arn = module.source_database.secret_arns.writer
  }

  artifacts = {
    dir    = var.artifacts_dir
    bucket = module.foundation.artifacts_bucket
    ca_key = aws_s3_object.source_ca.key
  }

  session_secret         = { for name, generated in ephemeral.aws_secretsmanager_random_password.session : name => generated.random_password }
  session_secret_version = var.shop.session_secret_version
}

module "monitoring" {
  source = "./modules/monitoring"

  project = var.project

  web_tier = {
    load_balancer     = module.web_tier.load_balancer.arn_suffix
    autoscaling_group = module.web_tier.autoscaling_group_name
  }
}
