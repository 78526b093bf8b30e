"""One file = one page or one family of pages."""
