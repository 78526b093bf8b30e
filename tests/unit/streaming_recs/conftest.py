"""The serving functions with all that they need."""

from serving_fixtures import serving, vector_server

__all__ = ["serving", "vector_server"]
