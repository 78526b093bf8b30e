"""Lines small enough to stand beside a number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

WIDTH, HEIGHT = 240, 40
_MARGIN = 2  # the line's own width must not be cut off


def points(minutes: Sequence[tuple[datetime, float]], until: datetime, span: timedelta) -> str:
    """Of an SVG polyline: time from left to right over the span, values from 0 at the bottom to the greatest."""
    most = max((value for _, value in minutes), default=0.0) or 1.0
    since = until - span
    return " ".join(
        f"{_MARGIN + (moment - since) / span * (WIDTH - 2 * _MARGIN):.1f},"
        f"{HEIGHT - _MARGIN - value / most * (HEIGHT - 2 * _MARGIN):.1f}"
        for moment, value in minutes
        if moment >= since
    )


def every_minute(
    minutes: Sequence[tuple[datetime, float]], until: datetime, span: timedelta
) -> list[tuple[datetime, float]]:
    """With 0 for the minutes that CloudWatch has nothing of: of what is counted, that is what it means."""
    counted = dict(minutes)
    steps = int(span / timedelta(minutes=1))
    moments = [until - timedelta(minutes=step) for step in range(steps, 0, -1)]
    return [(moment, counted.get(moment, 0.0)) for moment in moments]
