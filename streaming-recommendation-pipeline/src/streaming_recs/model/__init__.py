"""The recommender as algebra: pure numpy, no input or output."""
