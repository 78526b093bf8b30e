"""I/O out: Iceberg tables written to a branch, audited there, and published together."""
