"""Redshift by its Data API: a statement in, typed rows out; no driver, no connection, no way into the VPC."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from batch_etl.analytics.athena import Answer, Column
from batch_etl.analytics.questions import Question

POLL_SECONDS = 0.25
_ENDED = frozenset({"FINISHED", "FAILED", "ABORTED"})
_KINDS = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "float",
    "float8": "double",
    "numeric": "decimal",
    "bool": "boolean",
}
# The Data API gives numbers and truth values as such; all else is text.
_PARSERS: dict[str, Callable[[str], Any]] = {
    "numeric": Decimal,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamptz": datetime.fromisoformat,
}


class StatementFailed(Exception):  # noqa: N818 - the state that Redshift reports
    """Redshift did not answer. The message is Redshift's own, with the statement to look up."""


@dataclass(frozen=True)
class Warehouse:
    """Where statements run. `client` is a boto3 client of redshift-data."""

    client: Any
    workgroup: str
    database: str

    def ask(
        self, sql: str, parameters: dict[str, str] | None = None, *, tell: Callable[[str], None] = lambda state: None
    ) -> Answer:
        """Run `sql` and return all of its rows; `tell` hears of every state. Raises StatementFailed.

        An interrupted wait cancels the statement: nobody would read its answer, and it costs while it runs.
        """
        given = [{"name": name, "value": value} for name, value in (parameters or {}).items()]
        started = self.client.execute_statement(
            Sql=sql, WorkgroupName=self.workgroup, Database=self.database, **({"Parameters": given} if given else {})
        )
        try:
            ended = self._wait(started["Id"], tell)
        except KeyboardInterrupt:
            self.client.cancel_statement(Id=started["Id"])
            raise
        columns, rows = self._result(started["Id"]) if ended["HasResultSet"] else ((), ())
        return Answer(columns=columns, rows=rows, seconds=ended["Duration"] / 1e9, bytes_scanned=0)

    def _wait(self, statement: str, tell: Callable[[str], None]) -> dict[str, Any]:
        while True:
            described: dict[str, Any] = self.client.describe_statement(Id=statement)
            state = described["Status"]
            if state == "FINISHED":
                return described
            if state in _ENDED:
                reason = described.get("Error", "no reason given")
                raise StatementFailed(f"Redshift ended statement {statement} as {state}: {reason}")
            tell(state)
            time.sleep(POLL_SECONDS)

    def _result(self, statement: str) -> tuple[tuple[Column, ...], tuple[tuple[Any, ...], ...]]:
        names: list[dict[str, Any]] = []
        rows: list[tuple[Any, ...]] = []
        for page in self.client.get_paginator("get_statement_result").paginate(Id=statement):
            names = page["ColumnMetadata"]
            rows += (
                tuple(_typed(column["typeName"], cell) for column, cell in zip(names, record, strict=True))
                for record in page["Records"]
            )
        columns = tuple(Column(about["name"], _KINDS.get(about["typeName"], about["typeName"])) for about in names)
        return columns, tuple(rows)


def _typed(kind: str, cell: dict[str, Any]) -> Any:
    """A Field's value: Decimal, date and datetime where the API gives text."""
    if cell.get("isNull"):
        return None
    value = next(iter(cell.values()))
    return _PARSERS[kind](value) if kind in _PARSERS else value


def shipped_queries() -> Path:
    """sql/redshift of the checkout that this package runs from."""
    return Path(__file__).resolve().parents[4] / "sql" / "redshift"


def read_queries(folder: Path, project: str) -> dict[str, Question]:
    """Every .sql file of a folder by its name; the first line of its comment is the title, the rest describes it.

    The files are written for the project's default name.
    """
    return {path.stem: _question(path.read_text(), project) for path in sorted(folder.glob("*.sql"))}


def _question(text: str, project: str) -> Question:
    comment = list(_comment(text))
    sql = re.sub(r"\bretail_(bronze|silver|gold)\b", rf"{project}_\1", text)
    return Question(title=comment[0], description=" ".join(comment[1:]), database=project, sql=sql)


def _comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("--"):
            return
        yield line.removeprefix("--").strip()
