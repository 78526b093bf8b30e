"""Athena as a function: a statement in, typed rows and what it cost out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

POLL_SECONDS = 0.2
_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


class QueryFailed(Exception):  # noqa: N818 - the name of the state that Athena reports
    """Athena did not answer. The message is Athena's own, with the execution to look up."""


@dataclass(frozen=True)
class Column:
    """`kind` is Athena's name of the type: varchar, bigint, decimal, date …"""

    name: str
    kind: str

    @property
    def is_number(self) -> bool:
        return self.kind in _NUMBERS


@dataclass(frozen=True)
class Answer:
    """The rows of a query, and its cost as Athena counts it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    seconds: float
    bytes_scanned: int


def ask(athena: Any, sql: str, *, workgroup: str, database: str | None = None) -> Answer:
    """Run `sql` in a workgroup (whose configuration names the place for results) and return all of its rows.

    `athena` is a boto3 client. Raises QueryFailed.
    """
    context = {"QueryExecutionContext": {"Database": database}} if database else {}
    started = athena.start_query_execution(QueryString=sql, WorkGroup=workgroup, **context)
    execution = _wait(athena, started["QueryExecutionId"])
    statistics = execution["Statistics"]
    columns, rows = _result(athena, execution["QueryExecutionId"])
    return Answer(
        columns=columns,
        rows=rows,
        seconds=statistics["TotalExecutionTimeInMillis"] / 1000,
        bytes_scanned=statistics["DataScannedInBytes"],
    )


def _wait(athena: Any, execution_id: str) -> dict[str, Any]:
    while True:
        execution: dict[str, Any] = athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
        status = execution["Status"]
        if status["State"] == "SUCCEEDED":
            return execution
        if status["State"] in _ENDED:
            reason = status.get("StateChangeReason", "no reason given")
            raise QueryFailed(f"Athena ended query {execution_id} as {status['State']}: {reason}")
        time.sleep(POLL_SECONDS)


def _result(athena: Any, execution_id: str) -> tuple[tuple[Column, ...], tuple[tuple[Any, ...], ...]]:
    pages = iter(athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution_id))
    first = next(pages)
    columns = tuple(
        Column(info["Name"], info["Type"]) for info in first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    )
    texts = [*_texts(first)][1:]  # Athena's first row of a SELECT repeats the column names
    for page in pages:
        texts.extend(_texts(page))
    return columns, tuple(
        tuple(_typed(column, value) for column, value in zip(columns, row, strict=True)) for row in texts
    )


def _texts(page: dict[str, Any]) -> Iterator[list[str | None]]:
    for row in page["ResultSet"]["Rows"]:
        yield [value.get("VarCharValue") for value in row["Data"]]


_NUMBERS: dict[str, Callable[[str], Any]] = {
    "tinyint": int,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "decimal": Decimal,
    "double": float,
    "float": float,
}
_PARSERS: dict[str, Callable[[str], Any]] = _NUMBERS | {
    "boolean": "true".__eq__,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
}


def _typed(column: Column, text: str | None) -> Any:
    return text if text is None else _PARSERS.get(column.kind, str)(text)
