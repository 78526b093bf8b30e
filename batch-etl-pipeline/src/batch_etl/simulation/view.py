"""What is seen while it runs, and at its end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rich import box
from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from batch_etl.simulation.reconciliation import Line, arrived
from batch_etl.simulation.source import Figures, Source


@dataclass
class Progress:
    """How far a source is; `days` it was driven. Written by one thread each, read by the view."""

    source: Source
    days: int = 0
    silver: Figures = field(default_factory=dict)
    gold: Figures = field(default_factory=dict)
    quarantined: int = 0
    complete_at: float | None = None
    _complete_to: float | None = None

    def look(self, *, in_gold: bool) -> None:
        """Ask what has arrived by now."""
        sent = self.source.sent
        if not sent.good:
            return
        to = sent.last_at
        self.silver, self.quarantined = self.source.silver(), self.source.quarantined()
        if in_gold:
            self.gold = self.source.gold()
        complete = arrived(sent, self.silver, self.quarantined)
        self.complete_at = (self.complete_at or time.monotonic()) if complete else None
        self._complete_to = to if complete else None

    @property
    def is_complete(self) -> bool:
        """Whether all was there at a look that began after the last record had been sent."""
        return self._complete_to == self.source.sent.last_at

    @property
    def lag(self) -> str:
        """Seconds from the last record sent until all were seen in silver, or until now."""
        last = self.source.sent.last_at
        if last is None:
            return ""
        seconds = (self.complete_at or time.monotonic()) - last
        return f"{max(0.0, seconds):,.0f} s" + ("" if self.complete_at else " …")


def live_view(progress: Sequence[Progress], days: int, stage: str) -> Group:
    """A row a source, how much is driven, and what is being done."""
    table = _table("source", "sent", "of it bad", "sent twice", "in silver", "quarantined", "in gold", "lag")
    for one in progress:
        sent = one.source.sent
        figure = sent.unit if sent.unit in one.source.marts else one.source.marts[0]
        table.add_row(
            f"{one.source.name}, {sent.unit}", f"{sent.records:,}", f"{sent.bad:,}", f"{sent.repeated:,}",
            _number(one.silver.get(sent.unit)), f"{one.quarantined:,}",
            _number(one.gold.get(figure)) + ("" if figure == sent.unit or figure not in one.gold else f" {figure}"),
            one.lag,
        )  # fmt: skip
    driven = sum(one.days for one in progress)
    below = Table.grid(padding=(0, 2))
    below.add_row(ProgressBar(total=days * len(progress), completed=driven, width=40), Text(stage, style="dim"))
    return Group(table, below)


def reconciliation_table(lines: Iterable[Line]) -> Table:
    """sent = silver + quarantined + sent twice, and gold has what is good: one line a figure."""
    table = _table(
        "source", "figure", "sent", "in silver", "quarantined", "sent twice", "in gold", "", title="Reconciled"
    )
    before = ""
    for line in lines:
        if before and line.source != before:
            table.add_section()
        table.add_row(
            line.source if line.source != before else "", line.figure, f"{line.sent:,}", _number(line.silver),
            _number(line.quarantined), _number(line.repeated), _number(line.gold),
            f"[red]{line.verdict}[/]" if line.verdict else "[green]✓[/]",
        )  # fmt: skip
        before = line.source
    return table


def _table(*names: str, title: str | None = None) -> Table:
    table = Table(*names, box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for column in table.columns[1:-1]:
        column.justify = "right"
    return table


def _number(number: Decimal | int | None) -> str:
    return "·" if number is None else f"{number:,}"
