"""retail_hourly for real: Airflow runs two hours of the past on the platform's own function and jobs.

An order was placed before. In the first hour the warehouse's job cannot run, until somebody who was told repairs it;
the second hour is whole and finds nothing new; then the first one is taken up where it failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from airflow_world import Airflow, airflow
from alerts_inbox import alerts_inbox
from batch_etl.analytics.athena import ask
from support import LocalAws

pytestmark = [pytest.mark.slow, pytest.mark.local_aws]

WAREHOUSE_JOB = "retail-warehouse-load"
MONEY = "SUM(total_sales), SUM(cancelled_sales), SUM(total_units)"
DECIDED_BY_GLUE = {"Name", "CreatedOn", "LastModifiedOn", "AllocatedCapacity", "MaxCapacity"}


@dataclass(frozen=True)
class Hours:
    """What two hours left: their tasks before and after the repair, and what readers saw after the last two."""

    order: int
    names: list[str]
    failed: dict[str, dict[str, Any]]
    alert: dict[str, str]
    second: dict[str, dict[str, Any]]
    repeated: dict[str, dict[str, Any]]
    agreement: dict[str, Any]
    sales_seen: list[Any]
    log: str


@pytest.fixture(scope="module")
def hours(applied: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hours]:
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    first, second = this_hour - timedelta(hours=2), this_hour - timedelta(hours=1)
    home = tmp_path_factory.mktemp("airflow")
    order = place_order(applied)
    with alerts_inbox(applied, "airflow-test") as inbox, airflow(applied, home) as running, logged(running):
        with broken(applied, WAREHOUSE_JOB):
            running.backfill("retail_hourly", first.isoformat(), second.isoformat())
            running.unpause("retail_hourly", "retail_agreement")
            failed = running.ended("retail_hourly", 0)
            alert = inbox.message_with("warehouse_load")
        before_repair = running.tasks(failed)
        whole = running.ended("retail_hourly", 1)
        seen = [sales_of(applied)]
        running.clear_failed(failed)
        repeated = running.ended("retail_hourly", 0)
        seen.append(sales_of(applied))
        yield Hours(
            order=order,
            names=[f"hourly-{hour:%Y%m%dT%H%M%S}" for hour in (first, second)],
            failed=before_repair,
            alert=alert,
            second=running.tasks(whole),
            repeated=running.tasks(repeated),
            agreement=running.ended("retail_agreement", 0),
            sales_seen=seen,
            log=running.log(),
        )


@contextmanager
def logged(running: Airflow) -> Iterator[None]:
    """The log of every run, whatever happens."""
    try:
        yield
    finally:
        print(running.log())


def place_order(aws: LocalAws) -> int:
    """Three of one product for 12.34, today, at the source."""
    number = int(aws.source_sql("SELECT MAX(orderNumber) + 1 FROM orders")[0][0])
    aws.source_sql(
        f"INSERT INTO orders (orderNumber, orderDate, requiredDate, status, customerNumber)"
        f" SELECT {number}, CURDATE(), CURDATE() + INTERVAL 7 DAY, 'In Process', MIN(customerNumber) FROM customers"
    )
    aws.source_sql(
        f"INSERT INTO orderdetails (orderNumber, productCode, quantityOrdered, priceEach, orderLineNumber)"
        f" SELECT {number}, MIN(productCode), 3, 12.34, 1 FROM products"
    )
    return number


@contextmanager
def broken(aws: LocalAws, job: str) -> Iterator[None]:
    """The job has lost one of its arguments."""
    glue = aws.client("glue")
    definition = {key: value for key, value in glue.get_job(JobName=job)["Job"].items() if key not in DECIDED_BY_GLUE}
    arguments = definition["DefaultArguments"] | {"--lake_bucket": "not a bucket"}
    glue.update_job(JobName=job, JobUpdate=definition | {"DefaultArguments": arguments})
    try:
        yield
    finally:
        glue.update_job(JobName=job, JobUpdate=definition)


def athena(aws: LocalAws, sql: str) -> list[Any]:
    return list(ask(aws.client("athena"), sql, workgroup="retail-analytics").rows)


def sales_of(aws: LocalAws) -> list[Any]:
    return athena(aws, f"SELECT {MONEY} FROM retail_gold.store_daily_sales")


def states(tasks: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: task["state"] for name, task in tasks.items()}


def test_a_job_that_fails_is_tried_again_and_then_people_are_told_why(hours: Hours) -> None:
    assert states(hours.failed) == {
        "api_fetch": "success",
        "bronze_to_silver": "success",
        "silver_to_gold": "success",
        "warehouse_load": "failed",
        "checks": "upstream_failed",
    }, hours.log
    assert hours.failed["warehouse_load"]["try_number"] == 3
    assert hours.alert["Subject"] == "retail_hourly: warehouse_load failed"
    assert "after 3 attempts" in hours.alert["Message"]
    assert "lake_bucket" in hours.alert["Message"]


def test_once_repaired_an_hour_goes_on_where_it_failed(hours: Hours) -> None:
    assert set(states(hours.repeated).values()) == {"success"}, hours.log
    assert hours.repeated["silver_to_gold"]["try_number"] == 1
    assert hours.repeated["warehouse_load"]["try_number"] == 4


def test_an_hour_that_is_repeated_or_brings_nothing_new_changes_nothing(applied: LocalAws, hours: Hours) -> None:
    assert set(states(hours.second).values()) == {"success"}, hours.log
    names = ", ".join(f"'{name}-silver-to-gold'" for name in hours.names)
    audited = athena(applied, f"SELECT COUNT(DISTINCT runId) FROM retail_gold.quality_results WHERE runId IN ({names})")
    assert audited == [(2,)]
    published = athena(applied, f"SELECT runId FROM retail_gold.medallion_publications WHERE runId IN ({names})")
    assert published.count((f"{hours.names[0]}-silver-to-gold",)) == 1
    assert hours.sales_seen[0] == hours.sales_seen[1]


def test_the_order_that_was_placed_before_is_in_silver_once_and_gold_has_all_of_silver(
    applied: LocalAws, hours: Hours
) -> None:
    placed = f"SELECT quantity, amount FROM retail_silver.transaction_items WHERE transaction_id = '{hours.order}'"
    assert athena(applied, placed) == [(3, Decimal("37.02"))]
    silver = athena(applied, "SELECT SUM(amount) FROM retail_silver.transaction_items")
    gold = athena(applied, "SELECT SUM(total_sales) + SUM(cancelled_sales) FROM retail_gold.store_daily_sales")
    assert gold == silver


def test_the_second_hour_loads_the_warehouse_and_the_repaired_one_finds_it_loaded(
    applied: LocalAws, hours: Hours
) -> None:
    environment = applied.env
    with psycopg.connect(environment["WAREHOUSE_DB_URL"], passfile=environment["PGPASSFILE"]) as connection:
        loads = connection.execute("SELECT run_id FROM warehouse.loads WHERE run_id LIKE 'hourly-%'").fetchall()
        loaded = connection.execute(f"SELECT {MONEY} FROM warehouse.store_daily_sales").fetchall()
    assert loads == [(f"{hours.names[1]}-warehouse-load",)]
    assert loaded == hours.sales_seen[1]


def test_new_gold_and_a_new_warehouse_start_the_agreement(hours: Hours) -> None:
    assert hours.agreement["run_type"] == "asset_triggered"
    assert hours.agreement["state"] == "success", hours.log
