"""One file = one Lambda."""
