"""The jobs' Spark session and lake."""

from __future__ import annotations

from lake_world import project, spark

__all__ = ["project", "spark"]
