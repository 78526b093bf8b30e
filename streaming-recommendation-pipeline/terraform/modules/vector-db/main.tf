# PostgreSQL with pgvector: an instance that fetches embeddings from the lake itself.
locals {
  name  = "${var.project}-vector-db"
  title = "vector database"

  parameters = {
    description = "TLS only, a bounded number of connections, slow statements logged."

    dynamic = {
      # An index is built in memory or it is built slowly; in kB.
      maintenance_work_mem                = tostring(var.capacity.index_memory_mib * 1024)
      idle_in_transaction_session_timeout = "60000"
      log_min_duration_statement          = "1000"
      "rds.force_ssl"                     = "1"
    }

    # What the functions may open together is counted against this.
    static = { max_connections = tostring(var.capacity.max_connections) }
  }
}

module "database" {
  source = "../../../../terraform-modules/private-database"

  project  = var.project
  name     = "vector-db"
  title    = local.title
  traffic  = "admits named client groups on its port, calls S3 alone"
  database = "vectors"
  # Every minor version of 17 that RDS still offers carries pgvector 0.8, whose iterative scans fill filtered lists.
  engine              = { name = "postgres", version = "17", logs = ["postgresql", "upgrade"] }
  parameters          = local.parameters
  network             = var.network
  capacity            = var.capacity
  kms_key_arn         = var.kms_key_arn
  deletion_protection = var.deletion_protection
}
