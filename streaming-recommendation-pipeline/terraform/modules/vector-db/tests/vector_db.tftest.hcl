mock_provider "aws" {
  source = "../../../../terraform-modules/mocks"
}

variables {
  project             = "shop"
  account_id          = "111122223333"
  network             = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2", "subnet-3"], s3_prefix_list_id = "pl-s3" }
  lake_bucket         = { name = "shop-lake", arn = "arn:aws:s3:::shop-lake" }
  code                = { dir = "tests/artifacts", layer_arn = "arn:aws:lambda:eu-central-1:111122223333:layer:shop-streaming-recs:1" }
  alerts_topic_arn    = "arn:aws:sns:eu-central-1:111122223333:shop-alerts"
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
}

run "plain_text_is_refused_and_connections_are_bounded" {
  assert {
    condition     = local.parameters.dynamic["rds.force_ssl"] == "1" && local.parameters.static == { max_connections = "60" }
    error_message = "TLS only, and no more connections than the memory bears."
  }
}

run "only_s3_is_called" {
  assert {
    condition     = aws_vpc_security_group_egress_rule.s3.prefix_list_id == "pl-s3" && aws_vpc_security_group_egress_rule.s3.cidr_ipv4 == null
    error_message = "The database fetches embeddings from S3 and calls nobody else."
  }
}

run "imports_read_embeddings_alone" {
  assert {
    condition     = aws_db_instance_role_association.import.feature_name == "s3Import"
    error_message = "aws_s3 works with the role of this feature."
  }

  assert {
    condition     = one([for statement in data.aws_iam_policy_document.import.statement : statement.resources if contains(statement.actions, "s3:GetObject")]) == toset(["arn:aws:s3:::shop-lake/embeddings/*"])
    error_message = "The lake's other data are none of the database's business."
  }
}

run "every_task_has_its_own_user" {
  assert {
    condition     = toset(keys(module.users.secret_arns)) == toset(["retail_inference", "retail_loader", "retail_profile_updater"]) && output.secret_arns.admin == "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1"
    error_message = "Inference reads, the updater and the loader write, and set-up alone is the master."
  }
}

run "the_loader_reads_models_and_notes_what_is_live" {
  assert {
    condition     = one([for statement in data.aws_iam_policy_document.loader.statement : statement.resources if contains(statement.actions, "s3:PutObject")]) == toset(["arn:aws:s3:::shop-lake/models/registry.json"])
    error_message = "It changes nothing else in the lake."
  }
}
