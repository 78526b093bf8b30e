"""Pure checks: which rows belong in quarantine, and whether the tables of a run keep the invariants."""
