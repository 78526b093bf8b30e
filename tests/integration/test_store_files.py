"""Store files for real: dropped in the landing bucket, queryable in Athena a while later, each row once."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alerts_inbox import Inbox, alerts_inbox
from batch_etl.analytics.athena import ask
from damaged_files import corpus, without_bombs
from openpyxl import load_workbook
from support import LocalAws

pytestmark = pytest.mark.local_aws

SECONDS = 240


@pytest.fixture
def inbox(applied: LocalAws) -> Iterator[Inbox]:
    with alerts_inbox(applied, "store-files-test") as subscribed:
        yield subscribed


def sales_of(folder: Path) -> dict[str, tuple[str, Decimal]]:
    """transaction_id → genre and price, read from the files themselves by nothing of ours."""
    rows: list[dict[str, Any]] = []
    for path in folder.iterdir():
        if path.suffix == ".csv":
            rows += csv.DictReader(io.StringIO(path.read_text()))
        elif path.suffix == ".json":
            rows += json.loads(path.read_text(), parse_float=Decimal)
        else:
            header, *cells = load_workbook(path, read_only=True).active.iter_rows(values_only=True)
            rows += [dict(zip(header, row, strict=True)) for row in cells]
    return {row["transaction_id"]: (row["genre"], Decimal(str(row["price"]))) for row in rows}


def settled(aws: LocalAws, keys: set[str], seconds: float = SECONDS) -> list[dict[str, Any]]:
    """The ledger's rows of these objects, once no run has them any more."""
    deadline = time.monotonic() + seconds
    rows: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        pages = (
            aws.client("dynamodb").get_paginator("scan").paginate(TableName="retail-file-ledger", ConsistentRead=True)
        )
        rows = [row for page in pages for row in page["Items"] if row["objectKey"]["S"] in keys]
        if len(rows) == len(keys) and all(row["status"]["S"] in ("LOADED", "REFUSED", "FAILED") for row in rows):
            return rows
        time.sleep(0.5)
    raise AssertionError(f"files were not loaded within {seconds} s: {rows}")


def drop(aws: LocalAws, name: str, content: bytes) -> str:
    key = f"store-files/{name}"
    aws.client("s3").put_object(Bucket=aws.fact("lake/landing_bucket"), Key=key, Body=content)
    return key


def total(rows: list[dict[str, Any]], count: str) -> int:
    return sum(int(row[count]["N"]) for row in rows)


def running(aws: LocalAws) -> list[str]:
    states = aws.client("stepfunctions")
    machine = aws.fact("store-files/state_machine_arn")
    listed = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    return [execution["name"] for execution in listed]


def test_the_bookstores_files_sent_twice_and_all_at_once_are_in_athena_once_to_the_cent(
    applied: LocalAws, inbox: Inbox, shared_data: Path
) -> None:
    folder = shared_data / "bookstore"
    expected = sales_of(folder)
    keys = {
        drop(applied, f"{copy}/{path.name}", path.read_bytes())
        for copy in ("first", "Second copy é")
        for path in folder.iterdir()
    }
    keys.add(drop(applied, "first/../unreadable.XLSX", b"no workbook"))
    rows = settled(applied, keys)
    message = inbox.message_with("no workbook", seconds=60)

    assert total([row for row in rows if "rowsIn" in row], "rowsIn") == 2 * len(expected)
    assert (total(rows, "rowsGood"), total(rows, "rowsDuplicate"), total(rows, "rowsBad")) == (
        len(expected), len(expected), 0
    )  # fmt: skip
    assert [row["objectKey"]["S"] for row in rows if row["status"]["S"] == "REFUSED"] == [
        "store-files/first/../unreadable.XLSX"
    ]
    assert "1 files refused" in message["Subject"]
    by_genre: dict[str, Decimal] = {}
    for genre, price in expected.values():
        by_genre[genre] = by_genre.get(genre, Decimal(0)) + price
    answer = ask(
        applied.client("athena"),
        "SELECT genre, SUM(price), COUNT(*), COUNT(DISTINCT transaction_id) FROM retail_silver.store_sales "
        "WHERE source_file LIKE 'store-files/first/%' OR source_file LIKE 'store-files/Second copy é/%' GROUP BY genre",
        workgroup="retail-analytics",
    )
    assert {row[0]: row[1] for row in answer.rows} == by_genre
    assert sum(row[2] for row in answer.rows) == sum(row[3] for row in answer.rows) == len(expected)
    assert no_longer_running(applied)


@pytest.mark.slow
def test_hundreds_of_damaged_files_sent_twice_lose_nothing_and_double_nothing(applied: LocalAws) -> None:
    files = list(without_bombs(corpus(330, seed=2026)))
    folder = "store-files/damaged/"
    keys = {drop(applied, f"damaged/{copy}/{file.name}", file.content) for file in files for copy in ("first", "again")}
    rows = settled(applied, keys, seconds=900)

    for row in rows:
        counted = {name: int(row[name]["N"]) for name in ("rowsIn", "rowsGood", "rowsDuplicate", "rowsBad")}
        assert counted["rowsIn"] == counted["rowsGood"] + counted["rowsDuplicate"] + counted["rowsBad"], row
    assert {row["status"]["S"] for row in rows} == {"LOADED", "REFUSED"}
    arrived = ask(
        applied.client("athena"),
        f"SELECT transaction_id, COUNT(*) FROM retail_silver.store_sales WHERE source_file LIKE '{folder}%' GROUP BY 1",
        workgroup="retail-analytics",
    ).rows
    ids = {row[0] for row in arrived}
    assert {row[1] for row in arrived} == {1}
    assert len(ids) == total(rows, "rowsGood")
    assert frozenset().union(*(file.whole for file in files)) <= ids
    assert not frozenset().union(*(file.broken for file in files)) & ids
    [(bad,)] = ask(
        applied.client("athena"),
        f"SELECT COUNT(*) FROM retail_bronze.store_files_quarantine WHERE source_file LIKE '{folder}%'",
        workgroup="retail-analytics",
    ).rows
    assert bad == total(rows, "rowsBad")
    assert no_longer_running(applied)


def no_longer_running(aws: LocalAws) -> bool:
    deadline = time.monotonic() + 120
    while running(aws) and time.monotonic() < deadline:
        time.sleep(0.5)
    return not running(aws)
