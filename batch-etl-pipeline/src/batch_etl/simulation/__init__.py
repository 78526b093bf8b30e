"""`retail simulate`: every source of the lake driven at once, and what arrived held against what was sent."""
