"""The transaction feed: raw JSON in the landing bucket, Parquet in the lake, the latest of it in DynamoDB."""
