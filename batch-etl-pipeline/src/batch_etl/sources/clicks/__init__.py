"""The click stream's archive: Parquet files of browse events, as retail-clickstream delivers them."""
