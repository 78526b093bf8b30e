"""One file, one Lambda function: parse, call, return."""
