"""`retail simulate` on the applied platform: a small day of all sources, by the command that users type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from batch_etl.analytics.athena import ask
from support import LocalAws

pytestmark = pytest.mark.local_aws

DAY = "2026-02-03"
COMMAND = (
    f"retail simulate --days 1 --first-day {DAY} --orders-per-day 3 --files-per-day 3 --clicks-per-day 40 "
    "--transactions-per-day 60 --bad-share 0.05 --no-nightly"
)


@dataclass(frozen=True)
class Simulated:
    """What the command printed, and the name of its run."""

    aws: LocalAws
    printed: str
    run: str

    def ask(self, sql: str) -> tuple[Any, ...]:
        [row] = ask(self.aws.client("athena"), sql, workgroup="retail-analytics").rows
        return tuple(row)


@pytest.fixture(scope="module")
def simulated(applied: LocalAws) -> Simulated:
    done = applied.run(*COMMAND.split())
    found = re.search(r"Nothing lost, nothing doubled: (\S+)", done.stdout)
    assert found, done.stdout
    return Simulated(applied, done.stdout, found[1])


def test_every_source_is_reconciled(simulated):
    for source in ("store files", "shop orders", "clicks", "transaction feed"):
        assert source in simulated.printed
    assert simulated.printed.count("✓") >= len("rows sales amount orders units amount looks sessions ids".split())


def test_store_files_are_in_the_lake_once_and_their_bad_rows_aside(simulated):
    """Three files of 200 rows, ten of them bad, and the last file once more."""
    folder = f"store-files/simulation/{simulated.run}/"
    rows = simulated.ask(
        "SELECT COUNT(*), COUNT(DISTINCT transaction_id), COUNT(DISTINCT source_file) FROM retail_silver.store_sales "
        f"WHERE source_file LIKE '{folder}%'"
    )
    bad = simulated.ask(
        "SELECT COUNT(*), COUNT(DISTINCT source_file) FROM retail_bronze.store_files_quarantine "
        f"WHERE source_file LIKE '{folder}%'"
    )
    assert rows == (570, 570, 3)
    assert bad == (40, 4)


def test_orders_of_the_shop_are_in_gold_as_the_shop_has_them(applied, simulated):
    [(orders, value)] = applied.source_sql(
        "SELECT COUNT(DISTINCT orderNumber), SUM(quantityOrdered * priceEach) FROM orders JOIN orderdetails "
        "USING (orderNumber) WHERE orderDate = (SELECT MAX(orderDate) FROM orders) AND status <> 'Cancelled'"
    )
    assert orders >= 3
    assert simulated.ask(
        "SELECT total_transactions, total_sales FROM retail_gold.store_daily_sales WHERE date = "
        "(SELECT MAX(date) FROM retail_gold.store_daily_sales)"
    ) == (orders, value)


def test_clicks_and_the_feed_fall_on_the_simulated_day(simulated):
    looks = simulated.ask(
        f"SELECT COUNT(*), COUNT_IF(CAST(first_viewed_at AS date) = DATE '{DAY}') FROM retail_silver.clicks "
        f"WHERE session_id LIKE 'simulation-{simulated.run}-%'"
    )
    assert looks == (40, 40)
    transactions, revenue = simulated.ask(
        f"SELECT SUM(transactions), SUM(revenue) FROM retail_gold.sales_by_category WHERE date = DATE '{DAY}'"
    )
    assert transactions == 60
    assert (
        revenue
        == simulated.ask(f"SELECT SUM(total_amount) FROM retail_silver.transactions WHERE dt = '{DAY}'")[0]
        > Decimal(0)
    )


def test_books_sold_by_genre_come_to_all_that_was_sold(simulated):
    assert simulated.ask("SELECT SUM(sales), SUM(revenue) FROM retail_gold.sales_by_genre") == simulated.ask(
        "SELECT COUNT(*), SUM(price) FROM retail_silver.store_sales"
    )
