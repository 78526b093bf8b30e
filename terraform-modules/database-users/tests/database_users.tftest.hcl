mock_provider "aws" {
  source = "../mocks"
}

variables {
  project             = "shop"
  name                = "books"
  title               = "book database"
  function_name       = "book-user-rotation"
  account_id          = "111122223333"
  users               = { shop_reader = "Reads.", shop_writer = "Writes." }
  database            = { endpoint = "shop-books.example.internal", port = 5432, name = "books", master_secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1" }
  network             = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/one"
  deletion_protection = true
  # Any file that exists stands in for a zip: the mocked provider uploads nothing.
  code = { zip = "versions.tf", handler = "shop.rotate.handler", layer_arns = [] }
}

run "every_user_is_filled_by_rotation" {
  assert {
    condition     = { for user, secret in aws_secretsmanager_secret.this : user => secret.name } == { shop_reader = "shop/books/shop_reader", shop_writer = "shop/books/shop_writer" }
    error_message = "The secret's name ends with its user: the rotation reads it there."
  }

  assert {
    condition     = alltrue([for rotation in aws_secretsmanager_secret_rotation.this : rotation.rotate_immediately && rotation.rotation_lambda_arn == module.rotation.arn])
    error_message = "Each secret must be rotated at once, or it stays empty."
  }
}

run "the_master_secret_is_read_and_never_written" {
  assert {
    condition     = [for statement in data.aws_iam_policy_document.rotation.statement : statement.actions if contains(statement.resources, var.database.master_secret_arn)] == [toset(["secretsmanager:GetSecretValue"])]
    error_message = "RDS alone rotates the master's password."
  }
}

run "unprotected_it_leaves_nothing_behind" {
  variables {
    deletion_protection = false
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.recovery_window_in_days == 0])
    error_message = "A throw-away environment must vanish whole."
  }
}
