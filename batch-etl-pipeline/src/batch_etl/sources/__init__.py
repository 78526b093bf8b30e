"""I/O in: where the data comes from."""
