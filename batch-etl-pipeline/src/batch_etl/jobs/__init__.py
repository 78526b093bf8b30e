"""One file = one Glue job: options → stages → report."""
