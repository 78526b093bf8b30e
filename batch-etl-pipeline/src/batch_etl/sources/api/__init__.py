"""A REST API of transactions: fetched page by page to the landing bucket, and read from there."""
