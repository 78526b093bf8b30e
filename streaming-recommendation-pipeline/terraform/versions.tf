terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # The bucket comes from TF_CLI_ARGS_init (`make env` on a laptop, `make bootstrap` on AWS).
  backend "s3" {
    key          = "streaming-recommendation-pipeline/terraform.tfstate"
    use_lockfile = true
  }
}

# Region, credentials and endpoint come from the environment.
provider "aws" {
  default_tags {
    tags = {
      Project = var.project
      Root    = "streaming-recommendation-pipeline"
    }
  }
}
