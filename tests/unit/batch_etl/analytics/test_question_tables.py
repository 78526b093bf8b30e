"""Answers as tables for people: separators in amounts, none in names that look like numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from batch_etl.analytics.athena import Answer, Column
from batch_etl.analytics.questions import Question, as_table, size, total
from rich.console import Console

QUESTION = Question("Top customers", "One row a customer.", "retail_gold", "SELECT …")
ANSWER = Answer(
    columns=(Column("customernumber", "integer"), Column("customername", "varchar"), Column("revenue", "decimal")),
    rows=((1410, "Euro+ [red]Shopping", Decimal("820689.54")), (124, None, Decimal("0.00"))),
    seconds=1.234,
    bytes_scanned=45_600,
)


def printed(answer: Answer, limit: int | None = None) -> str:
    console = Console(width=100, record=True, quiet=True)
    with console.capture() as captured:
        console.quiet = False
        console.print(as_table(QUESTION, answer, limit))
    return captured.get()


def test_amounts_have_separators_and_keys_have_none() -> None:
    assert "820,689.54" in printed(ANSWER)
    assert "1410" in printed(ANSWER)


def test_text_is_shown_as_it_is_and_null_as_a_dash() -> None:
    assert "Euro+ [red]Shopping" in printed(ANSWER)
    assert " - " in printed(ANSWER)


def test_the_caption_says_rows_time_and_bytes() -> None:
    assert "2 rows, 1.23 s, 45.6 KB scanned" in printed(ANSWER)


def test_a_long_answer_is_cut_and_says_so() -> None:
    assert "1 of 2 rows" in printed(ANSWER, limit=1)
    assert "0.00" not in printed(ANSWER, limit=1)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (12_345_678, "12.3 MB"), (5e12, "5,000.0 GB")]
)
def test_sizes_are_read_by_people(count: int, shown: str) -> None:
    assert size(count) == shown


def test_the_last_line_adds_up() -> None:
    assert total([ANSWER, ANSWER]) == "2 questions, 2.5 s in Athena, 91.2 KB scanned"
