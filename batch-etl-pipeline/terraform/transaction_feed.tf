# Transactions of the shop, every five minutes.
variable "transaction_feed" {
  description = "The feed: whether it makes transactions, its seed, how many in five minutes of an average hour; whether the nightly crawler and compaction run; where the products come from, by default the storefront."
  type = object({
    enabled       = optional(bool, true)
    nightly       = optional(bool, true)
    seed          = optional(number, 7)
    transactions  = optional(number, 40)
    customers     = optional(number, 500)
    catalogue_url = optional(string)
  })
  default  = {}
  nullable = false
}

data "aws_caller_identity" "feed" {}

module "transaction_feed" {
  source = "./modules/transaction-feed"

  project             = var.project
  account_id          = data.aws_caller_identity.feed.account_id
  landing_bucket      = module.data_lake.buckets["landing"]
  lake_bucket         = module.data_lake.buckets["lake"]
  database            = module.query_layer.databases["silver"]
  catalogue_url       = coalesce(var.transaction_feed.catalogue_url, "${local.fact["storefront/url"]}/api/v1/products")
  code                = local.code
  lock_table          = module.data_lake.publish_lock_table
  crawler             = { enabled = var.transaction_feed.nightly }
  compaction          = { enabled = var.transaction_feed.nightly }
  alerts_topic_arn    = local.fact["alerts/topic_arn"]
  kms_key_arn         = local.kms_key_arn
  deletion_protection = var.deletion_protection

  generator = {
    enabled      = var.transaction_feed.enabled
    seed         = var.transaction_feed.seed
    transactions = var.transaction_feed.transactions
    customers    = var.transaction_feed.customers
  }
}

output "transaction_feed" {
  description = "The feed: its functions, the table of the latest transactions, the crawler, and the queue of failed events."
  value = {
    functions        = module.transaction_feed.functions
    latest_table     = module.transaction_feed.latest_table
    crawler          = module.transaction_feed.crawler
    failed_queue_url = module.transaction_feed.failed_queue_url
  }
}
