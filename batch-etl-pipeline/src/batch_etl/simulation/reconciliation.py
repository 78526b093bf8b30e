"""What was sent held against what Athena answers, figure by figure. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from batch_etl.simulation.source import Figures, Sent, Source


@dataclass(frozen=True)
class Line:
    """One figure of a source: sent = silver + quarantined + repeated; of those that were good, gold has them all.

    None: that layer has no such figure.
    """

    source: str
    figure: str
    sent: Decimal
    silver: Decimal | None
    quarantined: int | None
    repeated: int | None
    gold: Decimal | None
    good: Decimal
    bad: int

    @property
    def verdict(self) -> str:
        """Empty when all adds up; else what is wrong, in a few words."""
        found = [self._off("silver", self.silver, self.good), self._off("gold", self.gold, self.good)]
        if self.quarantined is not None:
            found.append(self._off("quarantine", Decimal(self.quarantined), Decimal(self.bad)))
        return ", ".join(word for word in found if word)

    @staticmethod
    def _off(layer: str, found: Decimal | None, due: Decimal) -> str:
        if found is None or found == due:
            return ""
        word = "short of" if found < due else "over by"
        return f"{layer} {word} {abs(found - due):,}"


def lines_of(source: Source, silver: Figures, gold: Figures, quarantined: int) -> Iterator[Line]:
    """Every figure of what a source has sent."""
    sent = source.sent
    for figure, good in sent.good.items():
        counts = figure == sent.unit
        yield Line(
            source=source.name,
            figure=figure,
            sent=sent.records if counts else good,
            silver=silver.get(figure, Decimal(0)),
            quarantined=quarantined if counts else None,
            repeated=sent.repeated if counts else None,
            gold=gold.get(figure, Decimal(0)) if figure in source.marts else None,
            good=good,
            bad=sent.bad,
        )


def star_lines(source: Source, star: Figures) -> Iterator[Line]:
    """The same good figures as another way to gold has brought them."""
    for figure in source.marts:
        good, found = source.sent.good.get(figure, Decimal(0)), star.get(figure, Decimal(0))
        yield Line(f"{source.name}, nightly", figure, good, None, None, None, found, good, 0)


def arrived(sent: Sent, silver: Figures, quarantined: int) -> bool:
    """Whether all of it is there, or more than all."""
    return quarantined >= sent.bad and all(silver.get(name, Decimal(0)) >= good for name, good in sent.good.items())
