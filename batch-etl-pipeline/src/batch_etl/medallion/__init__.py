"""Bronze to silver to gold for what the API and the click stream bring: the work of two Glue jobs."""
