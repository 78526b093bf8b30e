# Redshift Serverless over the same tables, for those who want it: it costs while it is asked.
variable "redshift" {
  description = "Redshift Serverless on the lake: whether there is one, its RPUs, the most it may grow to, and the RPU-hours of a month after which it stops (0.36 $ each; 60 are about 22 $)."
  type = object({
    enabled           = optional(bool, false)
    base_capacity     = optional(number, 8)
    max_capacity      = optional(number, 16)
    rpu_hours_a_month = optional(number, 60)
  })
  default  = {}
  nullable = false
}

module "redshift" {
  source   = "./modules/redshift"
  for_each = toset(var.redshift.enabled ? ["this"] : [])

  project     = var.project
  kms_key_arn = local.kms_key_arn

  lake = {
    bucket    = module.data_lake.buckets["lake"]
    prefixes  = ["gold/", "silver/"]
    databases = [module.query_layer.databases["gold"], module.query_layer.databases["silver"]]
  }

  network = {
    vpc_id     = local.fact["network/vpc_id"]
    subnet_ids = split(",", local.fact["network/private_subnet_ids"])
  }

  capacity = {
    base              = var.redshift.base_capacity
    max               = var.redshift.max_capacity
    rpu_hours_a_month = var.redshift.rpu_hours_a_month
  }
}

output "redshift" {
  description = "Workgroup and database for the Redshift Data API; none unless redshift.enabled."
  value       = one([for warehouse in module.redshift : { workgroup = warehouse.workgroup.name, database = warehouse.database }])
}
