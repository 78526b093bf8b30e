"""What one stage tells the next, as JSON in the run's folder; money as text, so that it stays exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from batch_etl.quality.audit import LineTotals
from batch_etl.sources.mysql import SourceFigures


@dataclass(frozen=True)
class MirrorState:
    """A bronze mirror: the snapshot to build from, its rows, and the rows that could not be taken over."""

    snapshot: int
    rows: int
    quarantined: int


@dataclass(frozen=True)
class Extracted:
    """After extract. `rejected_files` hold the rows that could not be taken over, `lost_lines` are the order lines
    among them."""

    mirrors: Mapping[str, MirrorState]
    figures: SourceFigures
    rejected_files: list[str]
    lost_lines: LineTotals
    blanked: Mapping[str, int]
    recovered: list[str]

    def to_json(self) -> dict[str, Any]:
        return {
            "mirrors": {name: asdict(mirror) for name, mirror in self.mirrors.items()},
            "figures": figures_to_json(self.figures),
            "rejected_files": self.rejected_files,
            "lost_lines": totals_to_json(self.lost_lines),
            "blanked": dict(self.blanked),
            "recovered": self.recovered,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Extracted:
        return cls(
            mirrors={name: MirrorState(**mirror) for name, mirror in content["mirrors"].items()},
            figures=_figures(content["figures"]),
            rejected_files=content["rejected_files"],
            lost_lines=_totals(content["lost_lines"]),
            blanked=content["blanked"],
            recovered=content["recovered"],
        )


@dataclass(frozen=True)
class Built:
    """After build: the snapshot and rows of each star table on the run's branch, and what went to quarantine."""

    snapshots: Mapping[str, int]
    rows: Mapping[str, int]
    quarantined: Mapping[str, int]
    lost_lines: LineTotals

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"lost_lines": totals_to_json(self.lost_lines)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Built:
        return cls(**(dict(content) | {"lost_lines": _totals(content["lost_lines"])}))


@dataclass(frozen=True)
class Audited:
    """After audit, which passed: the snapshots to publish (an unchanged table's is the one already out)."""

    snapshots: Mapping[str, int]
    unchanged: list[str]
    checks: int
    amount: Decimal

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"amount": str(self.amount)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Audited:
        return cls(**(dict(content) | {"amount": Decimal(content["amount"])}))


def figures_to_json(figures: SourceFigures) -> dict[str, Any]:
    return {
        "rows": figures.rows,
        "lines": totals_to_json(figures.lines),
        "orders_by_status": figures.orders_by_status,
    }


def totals_to_json(totals: LineTotals) -> dict[str, Any]:
    return {"rows": totals.rows, "amount": str(totals.amount)}


def _figures(content: Mapping[str, Any]) -> SourceFigures:
    return SourceFigures(content["rows"], _totals(content["lines"]), content["orders_by_status"])


def _totals(content: Mapping[str, Any]) -> LineTotals:
    return LineTotals(content["rows"], Decimal(content["amount"]))
