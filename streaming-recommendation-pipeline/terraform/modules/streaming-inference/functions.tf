# Every function holds one connection for each environment that Lambda keeps, so what is reserved here bounds what the
# database must bear. The rest of its connections is for rotation, loading and people.
locals {
  environment = {
    DB_HOST                      = var.database.endpoint
    DB_PORT                      = tostring(var.database.port)
    DB_NAME                      = var.database.name
    CA_BUNDLE                    = "/opt/ca/source-ca.pem"
    LAKE_BUCKET                  = var.lake_bucket.name
    POWERTOOLS_METRICS_NAMESPACE = var.project
    POWERTOOLS_LOG_LEVEL         = "INFO"
    # Lambda gives 1 GB half a processor: a second thread of the linear algebra would only wait for the first.
    OPENBLAS_NUM_THREADS = "1"
  }

  functions = {
    inference = {
      name        = "inference"
      handler     = "streaming_recs.handlers.inference.handler"
      description = "The recommendation API: function URL and direct calls."
      limits      = { memory_mb = 1024, timeout_seconds = 15, concurrency = var.concurrency.inference }
      secret_arn  = var.database.secret_arns.reader
      policy      = data.aws_iam_policy_document.inference.json
    }
    transform = {
      name        = "recommendation-transform"
      handler     = "streaming_recs.handlers.recommendation_transform.handler"
      description = "Adds recommendations to the events that Firehose delivers."
      limits      = { memory_mb = 1024, timeout_seconds = 120, concurrency = var.concurrency.transform }
      secret_arn  = var.database.secret_arns.reader
      policy      = data.aws_iam_policy_document.transform.json
    }
    updater = {
      name        = "profile-updater"
      handler     = "streaming_recs.handlers.profile_updater.handler"
      description = "Keeps recent interactions, so that the next answer knows the last click."
      limits      = { memory_mb = 512, timeout_seconds = 60, concurrency = var.concurrency.updater }
      secret_arn  = var.database.secret_arns.writer
      policy      = data.aws_iam_policy_document.updater.json
    }
  }
}

module "function" {
  source   = "../../../../terraform-modules/lambda-function"
  for_each = local.functions

  project     = var.project
  name        = each.value.name
  description = each.value.description
  limits      = merge(each.value.limits, { concurrency = each.value.limits.concurrency < 0 ? null : each.value.limits.concurrency })
  policy_json = each.value.policy
  kms_key_arn = var.kms_key_arn

  environment = merge(local.environment, {
    DB_SECRET_ARN           = each.value.secret_arn
    POWERTOOLS_SERVICE_NAME = "${var.project}-${each.value.name}"
  })

  code = {
    zip        = "${var.code.dir}/lambda/streaming_recs.zip"
    handler    = each.value.handler
    layer_arns = [var.code.layer_arn]
  }

  network = {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = [module.clients.security_group_id]
  }
}

# Signed requests alone. Callers need lambda:InvokeFunctionUrl and lambda:InvokeFunction on the function.
resource "aws_lambda_function_url" "inference" {
  function_name      = module.function["inference"].name
  authorization_type = "AWS_IAM"
}

module "clients" {
  source = "../../../../terraform-modules/database-client"

  name     = "${var.project}-streaming-functions"
  vpc_id   = var.network.vpc_id
  database = merge(var.database, { protocol = "PostgreSQL" })

  descriptions = {
    group   = "The streaming functions: call the vector database and AWS, are called by nobody."
    clients = "Streaming functions"
  }
}
