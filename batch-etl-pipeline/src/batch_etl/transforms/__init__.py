"""Pure DataFrame → DataFrame: one file for each table of the star schema."""
