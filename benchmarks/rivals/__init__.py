"""The same work done by other engines, as well as they can."""
