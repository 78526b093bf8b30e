"""Pure DataFrame → DataFrame: purchases and ratings become the training table."""
