"""What must hold of a table before readers may see it."""
