# What an earlier apply made moves with its state: nothing is replaced, and no database is lost.
moved {
  from = aws_lambda_layer_version.this
  to   = module.layer.aws_lambda_layer_version.this
}
