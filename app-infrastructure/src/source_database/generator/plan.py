"""How large a generated source is, and where its chance comes from."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date

import numpy as np

from source_database.errors import ArgumentError

VERSION = 1  # raise it when the same arguments make another content
MONTHS = 36
LAST_DAY = date(2025, 12, 31)
MOST_LINES = 500_000_000  # order numbers are INT, and a chunk's keys must stay inside 64 bits


@dataclass(frozen=True)
class Plan:
    """`lines` order lines over the three years that end on `through`; all else follows from them and the seed."""

    lines: int
    seed: int = 42
    through: date = LAST_DAY

    def __post_init__(self) -> None:
        if not 1 <= self.lines <= MOST_LINES:
            raise ArgumentError(
                f"{self.lines:,} order lines cannot be generated.", f"Ask for 1 to {MOST_LINES:,}, e.g. --orders 10000."
            )
        if self.seed < 0:
            raise ArgumentError(f"The seed {self.seed} is negative.", "Give a whole number from 0 up.")
        if not date(1980, 1, 1) <= self.through <= date(2037, 12, 31):
            raise ArgumentError(f"The last day {self.through} is out of range.", "Choose one from 1980 to 2037.")

    @property
    def customers(self) -> int:
        """122 as in classicmodels, then one per sixty lines: about eight orders each."""
        return max(122, self.lines // 60)

    @property
    def products(self) -> int:
        """110 as in classicmodels, then slower than the sales: 900 at 100 k lines, 3,600 at 1 M, 5,000 at most."""
        return int(min(5000, max(110, 110 * (self.lines / 3000) ** 0.6)))

    @property
    def first_day(self) -> date:
        month = self.through.year * 12 + self.through.month - MONTHS
        return date(month // 12, month % 12 + 1, 1)

    @property
    def days(self) -> int:
        return (self.through - self.first_day).days + 1

    def chance(self, purpose: str, part: int = 0) -> np.random.Generator:
        """A stream of its own for each purpose and part, so that no part depends on how many draws another made."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode()), part])


def last_day(text: str) -> date:
    """A day written YYYY-MM-DD; raises ArgumentError."""
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise ArgumentError(f"{text!r} is no day.", "Write it as 2025-12-31.") from problem
