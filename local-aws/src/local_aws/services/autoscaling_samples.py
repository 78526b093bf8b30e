"""Data points of the last minutes, for scaling: what CloudWatch gets is kept here too, and read without a search."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local_aws import upstream
from local_aws.context import Context

CLOCK_VARIABLE = "LOCAL_AWS_CLOCK_FACTOR"
DEFAULT_CLOCK_FACTOR = 10.0
KEPT = 64  # more than the fifteen periods that scaling in looks back on
Key = tuple[str, frozenset[tuple[str, str]]]


def clock_factor() -> float:
    """AWS's own waits (periods, cooldowns, warm-ups, hooks' heartbeats) are divided by it: LOCAL_AWS_CLOCK_FACTOR."""
    return max(float(os.environ.get(CLOCK_VARIABLE) or DEFAULT_CLOCK_FACTOR), 1.0)


def period_seconds() -> float:
    """A minute of CloudWatch."""
    return max(60.0 / clock_factor(), 1.0)


@dataclass(frozen=True)
class Point:
    """A data point of one of AWS's own namespaces."""

    namespace: str
    name: str
    value: float
    unit: str
    dimensions: dict[str, str]


class Samples:
    """(when, value) by metric and dimensions, the last ones only."""

    def __init__(self) -> None:
        self._points: dict[Key, deque[tuple[float, float]]] = {}

    def add(self, point: Point) -> None:
        key = (point.name, frozenset(point.dimensions.items()))
        self._points.setdefault(key, deque(maxlen=KEPT)).append((time.time(), point.value))

    def after(self, name: str, dimensions: Mapping[str, str], moment: float) -> list[float]:
        """The values since a moment, oldest first."""
        found = self._points.get((name, frozenset(dimensions.items())), ())
        return [value for when, value in list(found) if when > moment]


@cache
def _samples_of(_state: Path) -> Samples:
    return Samples()


def samples_of(ctx: Context) -> Samples:
    """One for each local AWS."""
    return _samples_of(ctx.settings.state)


def publish(ctx: Context, point: Point) -> None:
    """To CloudWatch, and kept for scaling."""
    upstream.record_metric(point.namespace, point.name, point.value, point.unit, point.dimensions)
    samples_of(ctx).add(point)
