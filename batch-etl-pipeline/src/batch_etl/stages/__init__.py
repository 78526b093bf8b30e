"""The four steps of a run. Each takes the run, reads what the step before wrote down, and writes down its own."""
