# The rules that come with tflint; no plugin is downloaded.
plugin "terraform" {
  enabled = true
  preset  = "recommended"
}

config {
  call_module_type = "local"
}
