"""The business questions: Athena's named queries of the workgroup, asked and shown as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from batch_etl.analytics.athena import Answer

_PAGE = 50  # what batch_get_named_query takes at once
_NO_AMOUNTS = frozenset({"year", "firstyear", "customernumber", "ordernumber"})  # numbers that are names


@dataclass(frozen=True)
class Question:
    """A named query: its title, what it says about its grain, its database and its text."""

    title: str
    description: str
    database: str
    sql: str


def named_questions(athena: Any, workgroup: str) -> list[Question]:
    """The named queries of a workgroup, by title. `athena` is a boto3 client."""
    questions = [question for ids in _pages(athena, workgroup) for question in _read(athena, ids)]
    return sorted(questions, key=lambda question: question.title)


def _pages(athena: Any, workgroup: str) -> Iterator[list[str]]:
    for page in athena.get_paginator("list_named_queries").paginate(
        WorkGroup=workgroup, PaginationConfig={"PageSize": _PAGE}
    ):
        if page["NamedQueryIds"]:
            yield page["NamedQueryIds"]


def _read(athena: Any, ids: list[str]) -> Iterator[Question]:
    for query in athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]:
        yield Question(query["Name"], query.get("Description", ""), query["Database"], query["QueryString"])


def as_table(question: Question, answer: Answer, limit: int | None = None) -> Table:
    """The answer for a terminal: numbers to the right, with separators; at most `limit` rows."""
    shown = answer.rows if limit is None else answer.rows[:limit]
    table = Table(
        title=Text(question.title, style="bold"),
        caption=_caption(answer, len(shown)),
        caption_justify="left",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    cells = [[_text(column.name, value) for column, value in zip(answer.columns, row, strict=True)] for row in shown]
    for position, column in enumerate(answer.columns):
        # A figure is never cut: its column gives way in the heading, which may break; names give way to figures.
        widest = max((cell[position].cell_len for cell in cells), default=0)
        figure = column.is_number
        table.add_column(
            column.name, justify="right" if figure else "left", min_width=widest if figure else 8, overflow="fold"
        )
    for row in cells:
        table.add_row(*row)
    return table


def _caption(answer: Answer, shown: int) -> str:
    rows = f"{len(answer.rows):,} rows" if shown == len(answer.rows) else f"{shown:,} of {len(answer.rows):,} rows"
    return f"{rows}, {answer.seconds:.2f} s, {size(answer.bytes_scanned)} scanned"


def _text(column: str, value: Any) -> Text:
    if value is None:
        return Text("-", style="dim")
    amount = isinstance(value, int | Decimal) and not isinstance(value, bool) and column.lower() not in _NO_AMOUNTS
    return Text(f"{value:,}" if amount else str(value), no_wrap=True, overflow="ellipsis")


def size(count: int) -> str:
    """Bytes for people: 512 B, 1.5 KB, 12.3 MB."""
    amount = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} B" if unit == "B" else f"{amount:,.1f} {unit}"


def total(answers: list[Answer]) -> str:
    """One line over all questions."""
    seconds = sum(answer.seconds for answer in answers)
    scanned = size(sum(answer.bytes_scanned for answer in answers))
    return f"{len(answers)} questions, {seconds:.1f} s in Athena, {scanned} scanned"
