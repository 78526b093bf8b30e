"""Athena as the simulation asks it: one row of figures by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from batch_etl.analytics.athena import QueryFailed, ask
from batch_etl.simulation.source import Figures

_ABSENT = ("TABLE_NOT_FOUND", "does not exist")


@dataclass(frozen=True)
class Lake:
    athena: Any
    project: str

    def figures(self, sql: str, **values: str) -> Figures:
        """The answer's one row; empty while a table that is asked for is not there yet. Raises QueryFailed.

        {bronze}, {silver} and {gold} in `sql` are the databases; `values` are this program's own words and numbers.
        """
        databases = {layer: f"{self.project}_{layer}" for layer in ("bronze", "silver", "gold")}
        try:
            answer = ask(self.athena, sql.format(**databases, **values), workgroup=f"{self.project}-analytics")
        except QueryFailed as problem:
            if any(said in str(problem) for said in _ABSENT):
                return {}
            raise
        names = (column.name for column in answer.columns)
        return {name: Decimal(value or 0) for name, value in zip(names, answer.rows[0], strict=True)}


def dates(days: Iterable[date]) -> str:
    """As a list for IN."""
    return ", ".join(f"DATE '{day}'" for day in days)


def days_text(days: Iterable[date]) -> str:
    """As a list for IN, for a partition dt."""
    return ", ".join(f"'{day}'" for day in days)
