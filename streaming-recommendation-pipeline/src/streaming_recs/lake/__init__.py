"""I/O of the Glue jobs: pinned publications in, the training table and reports out."""
