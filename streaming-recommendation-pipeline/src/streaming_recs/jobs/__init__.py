"""One file = one Glue job: options → lake → work → report."""
