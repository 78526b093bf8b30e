"""The warehouse on the applied platform: what BI tools read there is what Athena and the source say, to the cent."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from batch_etl.analytics.athena import ask
from batch_etl.warehouse.publications import GROUPS
from batch_etl.warehouse.tables import Table, find_table
from support import CHECKOUT, LocalAws

pytestmark = pytest.mark.local_aws

JOB = "retail-warehouse-load"
QUESTIONS = sorted(path.stem for path in (CHECKOUT / "sql" / "warehouse" / "questions").glob("*.sql"))


class Loaded:
    """The warehouse after a run of the job, as its reader sees it."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, self.environment = aws, aws.env
        self.run = aws.run_job(JOB)
        assert self.run["JobRunState"] == "SUCCEEDED", self.run.get("ErrorMessage")

    def psql(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """As people call it: password and trust come from `make env`."""
        command = ["sh", "-c", 'exec psql "$WAREHOUSE_DB_URL" -v ON_ERROR_STOP=1 -At "$@"', "sh", *arguments]
        return subprocess.run(
            command, cwd=CHECKOUT, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            self.environment["WAREHOUSE_DB_URL"], passfile=self.environment["PGPASSFILE"], autocommit=True
        )

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(query.encode()).fetchall()

    def athena(self, query: str) -> list[tuple[Any, ...]]:
        answer = ask(self.aws.client("athena"), query, workgroup="retail-analytics", database="retail_gold")
        return [tuple(row) for row in answer.rows]

    def snapshots(self) -> dict[str, int]:
        (snapshots,) = self.ask("SELECT snapshots FROM loads ORDER BY load_id DESC LIMIT 1")[0]
        return dict(snapshots)

    def log(self) -> str:
        logs = self.aws.client("logs")
        events = logs.get_log_events(
            logGroupName=f"/aws-glue/{JOB}/output", logStreamName=self.run["Id"], startFromHead=True
        )["events"]
        return "\n".join(event["message"] for event in events)


@pytest.fixture(scope="module")
def loaded(applied: LocalAws) -> Loaded:
    return Loaded(applied)


def figures(table: Table) -> str:
    """One row: how many rows, and the sum of each number."""
    return ", ".join(["count(*)", *(f"sum(CAST({name} AS DECIMAL(38, 2)))" for name in table.numbers)])


@pytest.mark.parametrize("name", [name for group in GROUPS.values() for name in group.tables])
def test_a_table_has_the_rows_and_sums_that_athena_says(loaded: Loaded, name: str) -> None:
    snapshots = loaded.snapshots()
    if name not in snapshots:
        pytest.skip(f"{name} has not been published yet")
    with loaded.connect() as connection:
        wanted = figures(find_table(connection, name))
    assert loaded.ask(f"SELECT {wanted} FROM {name}") == loaded.athena(
        f"SELECT {wanted} FROM retail_gold.{name} FOR VERSION AS OF {snapshots[name]}"
    )


def test_the_amount_is_the_sources_less_what_was_quarantined(loaded: Loaded) -> None:
    (publications,) = loaded.ask("SELECT publications FROM loads ORDER BY load_id DESC LIMIT 1")[0]
    key = f"runs/{publications['star']}/report.json"
    report = loaded.aws.client("s3").get_object(Bucket=loaded.aws.fact("lake/lake_bucket"), Key=key)["Body"].read()
    sums = {name: Decimal(text.replace(",", "")) for name, text in json.loads(report)["sums"].items()}
    assert loaded.ask("SELECT sum(orderamount) FROM fact_orders") == [(sums["source"] - sums["quarantined"],)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_has_the_answer_that_athena_gives(loaded: Loaded, question: str) -> None:
    here = loaded.ask((CHECKOUT / "sql" / "warehouse" / "questions" / f"{question}.sql").read_text())
    there = loaded.athena((CHECKOUT / "sql" / "athena" / f"{question}.sql").read_text())
    assert here
    assert comparable(here) == comparable(there)


def comparable(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(value if isinstance(value, str | date | None) else Decimal(value) for value in row) for row in rows]


def test_psql_works_as_the_reader_who_changes_nothing(loaded: Loaded) -> None:
    assert loaded.psql("-c", "SELECT current_user").stdout == "warehouse_reader\n"
    refused = loaded.psql("-c", "DELETE FROM fact_orders")
    assert refused.returncode != 0
    assert "permission denied for table fact_orders" in refused.stderr


def test_again_after_a_rotation_it_logs_in_and_has_nothing_to_do(loaded: Loaded) -> None:
    loads, secrets = loaded.ask("SELECT count(*) FROM loads"), loaded.aws.client("secretsmanager")
    secrets.rotate_secret(SecretId=loaded.aws.fact("warehouse/loader_secret_arn"))
    again = Loaded(loaded.aws)
    assert "nothing to do" in again.log()
    assert loaded.ask("SELECT count(*) FROM loads") == loads
