variable "project" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The layer is called <project>-<name>."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the layer holds, in one sentence."
  type        = string
  nullable    = false
}

variable "zip" {
  description = "The zip that `make package` built."
  type        = string
  nullable    = false
}

variable "bucket" {
  description = "A versioned bucket through which a zip of more than 50 MB goes; without one it goes in the call."
  type        = string
  default     = null
}
