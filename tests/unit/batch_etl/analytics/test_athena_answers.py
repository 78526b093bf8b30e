"""`ask` turns Athena's text into typed rows; a query that fails raises with Athena's own reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from batch_etl.analytics.athena import Column, QueryFailed, ask


class FakeAthena:
    """Two polls until the query ends; a result of as many pages as given."""

    def __init__(self, kinds: list[tuple[str, str]], pages: list[list[list[str | None]]], state: str = "SUCCEEDED"):
        self.kinds, self.pages, self.state, self.polls = kinds, pages, state, 0

    def start_query_execution(self, **request: Any) -> dict[str, str]:
        self.request = request
        return {"QueryExecutionId": "q1"}

    def get_query_execution(self, **_: Any) -> dict[str, Any]:
        self.polls += 1
        status = {"State": self.state if self.polls > 1 else "RUNNING", "StateChangeReason": "SYNTAX_ERROR: line 1:8"}
        statistics = {"TotalExecutionTimeInMillis": 1500, "DataScannedInBytes": 2048}
        return {"QueryExecution": {"QueryExecutionId": "q1", "Status": status, "Statistics": statistics}}

    def get_paginator(self, _: str) -> FakeAthena:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        info = [{"Name": name, "Type": kind} for name, kind in self.kinds]
        header: list[list[str | None]] = [[name for name, _ in self.kinds]]
        return [
            {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": info}, "Rows": [cells(row) for row in rows]}}
            for rows in [header + self.pages[0], *self.pages[1:]]
        ]


def cells(row: list[str | None]) -> dict[str, Any]:
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}


def test_every_type_arrives_as_pythons_own() -> None:
    kinds = [("n", "bigint"), ("money", "decimal"), ("day", "date"), ("text", "varchar"), ("yes", "boolean")]
    athena = FakeAthena(kinds, [[["7", "1234.50", "2004-11-05", "7", "true"]]])
    assert ask(athena, "SELECT", workgroup="w").rows == ((7, Decimal("1234.50"), date(2004, 11, 5), "7", True),)


def test_null_and_the_empty_text_stay_apart() -> None:
    athena = FakeAthena([("text", "varchar"), ("n", "integer")], [[["", None], [None, "0"]]])
    assert ask(athena, "SELECT", workgroup="w").rows == (("", None), (None, 0))


def test_rows_of_all_pages_come_and_only_the_first_page_repeats_the_names() -> None:
    athena = FakeAthena([("n", "integer")], [[["1"], ["2"]], [["3"]]])
    assert ask(athena, "SELECT", workgroup="w").rows == ((1,), (2,), (3,))


def test_the_answer_says_what_it_cost() -> None:
    answer = ask(FakeAthena([("n", "integer")], [[]]), "SELECT", workgroup="w")
    assert (answer.seconds, answer.bytes_scanned, answer.columns) == (1.5, 2048, (Column("n", "integer"),))


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_query_that_did_not_succeed_raises_with_its_reason(state: str) -> None:
    with pytest.raises(QueryFailed, match=rf"q1 as {state}: SYNTAX_ERROR: line 1:8"):
        ask(FakeAthena([("n", "integer")], [[]], state), "SELECT", workgroup="w")


def test_the_query_runs_in_the_named_workgroup_and_database() -> None:
    athena = FakeAthena([("n", "integer")], [[]])
    ask(athena, "SELECT 1", workgroup="retail-analytics", database="retail_gold")
    assert athena.request == {
        "QueryString": "SELECT 1",
        "WorkGroup": "retail-analytics",
        "QueryExecutionContext": {"Database": "retail_gold"},
    }
