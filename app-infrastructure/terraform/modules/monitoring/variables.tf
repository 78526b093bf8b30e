variable "project" {
  description = "Prefix of every name, and the dashboard's own."
  type        = string
  nullable    = false
}

variable "web_tier" {
  description = "The shop's load balancer, as its metrics name it (app/<name>/<id>), and its Auto Scaling group."
  type        = object({ load_balancer = string, autoscaling_group = string })
  nullable    = false
}

variable "state_machines" {
  description = "State machines, without the project's prefix."
  type        = list(string)
  default     = ["nightly", "file-ingestion", "retraining"]
  nullable    = false
}

variable "glue_jobs" {
  description = "Glue jobs, without the project's prefix."
  type        = list(string)
  default     = ["etl-job", "ml-etl-job", "train-embeddings"]
  nullable    = false
}

variable "functions" {
  description = "Functions between a click and its recommendations, without the project's prefix."
  type        = list(string)
  default     = ["inference", "recommendation-transform", "profile-updater"]
  nullable    = false
}

variable "deliveries" {
  description = "Firehose streams, without the project's prefix."
  type        = list(string)
  default     = ["clickstream", "recommendations"]
  nullable    = false
}
