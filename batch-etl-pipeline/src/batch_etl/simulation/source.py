"""What every simulated source is: something that sends, counts what it sent, and knows how to ask what arrived."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

Figures = dict[str, Decimal]
"""What was counted or summed, by its name; money to the cent."""


@dataclass
class Sent:
    """What a source has sent so far, counted by the sender.

    good: what has to arrive once, by figure, of which `unit` counts the records; bad: records that have to end in
    quarantine; repeated: records sent once more on purpose, which have to change nothing.
    """

    unit: str
    good: Figures = field(default_factory=dict)
    bad: int = 0
    repeated: int = 0
    last_at: float | None = None

    @property
    def records(self) -> Decimal:
        return self.good.get(self.unit, Decimal(0)) + self.bad + self.repeated

    def add(self, *, bad: int = 0, repeated: int = 0, **good: Decimal | int) -> None:
        for name, amount in good.items():
            self.good[name] = self.good.get(name, Decimal(0)) + amount
        self.bad += bad
        self.repeated += repeated
        self.last_at = time.monotonic()


class Source(Protocol):
    """`name` as people call it; `look_at`: where to look when it is late; `marts`: the figures that gold has.

    Questions are answered by Athena and count what this run sent, nothing else.
    """

    name: str
    look_at: str
    marts: tuple[str, ...]
    sent: Sent

    def drive(self, day: int) -> None:
        """Send all of a simulated day."""

    def silver(self) -> Figures:
        """The figures of `sent.good` as silver has them."""

    def gold(self) -> Figures:
        """Those of `marts`."""

    def quarantined(self) -> int:
        """Records set aside."""
