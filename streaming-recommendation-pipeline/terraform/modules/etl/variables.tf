variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The account that services must act for."
  type        = string
  nullable    = false
}

variable "lake_bucket" {
  description = "Bucket of the lake, of models and of embeddings."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "artifacts" {
  description = "Folder that `make package` filled, and the bucket it goes to."
  type        = object({ dir = string, bucket = string })
  nullable    = false
}

variable "workers" {
  description = "Workers of each job."
  type        = number
  default     = 2
  nullable    = false
}

variable "schedule" {
  description = "When the model is trained again: a Scheduler expression and an IANA time zone."
  type = object({
    expression = string
    time_zone  = string
    enabled    = bool
  })
  nullable = false
}

variable "alerts_topic_arn" {
  description = "Topic that hears of decisions and failures."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of topic, lake and logs."
  type        = string
  nullable    = false
}
