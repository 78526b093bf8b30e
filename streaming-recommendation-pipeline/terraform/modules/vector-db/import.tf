# aws_s3.table_import_from_s3 reads embeddings with this role: the same psql file loads them everywhere.
data "aws_region" "current" {}

data "aws_partition" "current" {}

module "import_role" {
  source = "../../../../terraform-modules/service-role"

  name        = "${local.name}-import"
  description = "Lets ${local.name} read embeddings from the lake."
  account_id  = var.account_id
  policy      = { name = "read-embeddings", json = data.aws_iam_policy_document.import.json }
  trusted     = { service = "rds.amazonaws.com", source_arn = "arn:${data.aws_partition.current.partition}:rds:${data.aws_region.current.name}:${var.account_id}:db:${local.name}" }
}

data "aws_iam_policy_document" "import" {
  statement {
    sid       = "ReadEmbeddings"
    actions   = ["s3:GetObject"]
    resources = ["${var.lake_bucket.arn}/embeddings/*"]
  }

  statement {
    sid       = "FindEmbeddings"
    actions   = ["s3:ListBucket"]
    resources = [var.lake_bucket.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["embeddings/*"]
    }
  }

  statement {
    sid       = "UseTheKey"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_db_instance_role_association" "import" {
  db_instance_identifier = module.database.identifier
  feature_name           = "s3Import"
  role_arn               = module.import_role.arn
}

# The instance itself fetches what aws_s3 imports, through the VPC's gateway endpoint.
resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = module.database.connection.security_group_id
  description       = "S3, by the gateway endpoint"
  prefix_list_id    = var.network.s3_prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = { Name = "${local.name}-s3" }
}
