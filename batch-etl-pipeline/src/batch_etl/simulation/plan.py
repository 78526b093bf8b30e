"""How much is simulated, and on which days; what is drawn by chance is the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from batch_etl.errors import SimulationError


@dataclass(frozen=True)
class Plan:
    """Volumes are those of one day. `run` stands in the names of all that is made, so that no two runs meet.

    bad_share: part of the store files' rows and of the feed's transactions that is made bad, from 0 to 1.
    """

    run: str
    first_day: date
    days: int
    orders: int
    files: int
    clicks: int
    transactions: int
    bad_share: float
    seed: int

    def day(self, number: int) -> date:
        """The simulated day, counted from 0."""
        return self.first_day + timedelta(days=number)

    @property
    def dates(self) -> list[date]:
        return [self.day(number) for number in range(self.days)]

    def chance(self, source: str, number: int) -> random.Random:
        """A source's own for a day: what one source draws does not change what another one does."""
        return random.Random(f"{self.seed}/{source}/{number}")  # noqa: S311 - invented trade, no secret

    def bad(self, count: int) -> int:
        """How many of so many are to be bad."""
        return round(count * self.bad_share)


def drawn(days: int, first_day: str | None, **volumes: Any) -> Plan:
    """A plan of days that have passed; `volumes` as the plan has them. Raises SimulationError."""
    now = datetime.now(UTC)
    last = now.date() - timedelta(days=1)
    try:
        first = date.fromisoformat(first_day) if first_day else last - timedelta(days=days - 1)
    except ValueError:
        raise SimulationError(f"The first day is {first_day!r}. Give one such as 2026-01-31.") from None
    if not date(2000, 1, 1) <= first <= last - timedelta(days=days - 1):
        raise SimulationError(
            f"{days} days from {first} do not end before today: what is simulated lies in the past, where the feed's "
            "own schedule writes no more. Leave --first-day away, or give an earlier one."
        )
    return Plan(f"{now:%Y%m%dT%H%M%S}-{volumes['seed']}", first, days, **volumes)
