"""The shop's own orders and clicks, through the load balancer and the stream, to gold: sums to the cent, nothing twice.

The API is read and both jobs run twice; between the two, somebody damages what lies in the landing bucket and the
stream's archive delivers the session of a customer who ordered.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from batch_etl.analytics.athena import ask
from support import LocalAws

pytestmark = pytest.mark.local_aws

FUNCTION, SILVER, GOLD = "retail-api-fetch", "retail-bronze-to-silver", "retail-silver-to-gold"
ARCHIVE_SECONDS = 180
SOURCE = (
    "SELECT COUNT(DISTINCT orderNumber), COALESCE(SUM(quantityOrdered), 0), SUM(quantityOrdered * priceEach) "
    "FROM orderdetails"
)


@dataclass(frozen=True)
class Hour:
    """What one reading and its two jobs did, and what the journal said afterwards."""

    fetched: dict[str, Any]
    silver: dict[str, Any]
    gold: dict[str, Any]
    publications: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Hours:
    """`source`: orders, units and their value in MySQL; `session`: of whose customer the order is, and its day."""

    source: tuple[Any, ...]
    first: Hour
    second: Hour
    damaged: list[str]
    session: str
    day: Any


@pytest.fixture(scope="module")
def hours(applied: LocalAws) -> Hours:
    session = uuid.uuid4().hex
    day = browse(applied, session)
    source = applied.source_sql(SOURCE)[0]
    first = hour(applied, full=True)
    damaged = damage(applied)
    wait_for_the_archive(applied, session)
    return Hours(source, first, hour(applied), damaged, session, day)


def hour(aws: LocalAws, full: bool = False) -> Hour:
    """As the hourly schedules do it: the function until there is no more, then one job after the other."""
    fetched = call(aws, {"full": full})
    while fetched["more"]:
        fetched = call(aws, {})
    return Hour(fetched, job(aws, SILVER), job(aws, GOLD), publications(aws))


def call(aws: LocalAws, event: dict[str, Any]) -> dict[str, Any]:
    answer = aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(event))
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said


def job(aws: LocalAws, name: str) -> dict[str, Any]:
    """The report of a run with nothing but its default arguments."""
    run = aws.run_job(name)
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    body = aws.client("s3").get_object(Bucket=aws.fact("lake/lake_bucket"), Key=f"runs/{run['Id']}/report.json")["Body"]
    report: dict[str, Any] = json.loads(body.read())
    return report


def publications(aws: LocalAws) -> dict[str, dict[str, int]]:
    sql = "SELECT runId, json_format(CAST(snapshots AS JSON)) FROM retail_gold.medallion_publications"
    return {run: json.loads(snapshots) for run, snapshots in athena(aws, sql)}


def athena(aws: LocalAws, sql: str) -> list[tuple[str, ...]]:
    """Rows as Athena's own texts."""
    return [tuple(map(str, row)) for row in ask(aws.client("athena"), sql, workgroup="retail-analytics").rows]


def browse(aws: LocalAws, session: str) -> Any:
    """A session of a customer on the day of the customer's only order then, one of its events sent twice."""
    [(customer, day)] = aws.source_sql(
        "SELECT customerNumber, orderDate FROM orders GROUP BY 1, 2 HAVING COUNT(*) = 1 ORDER BY orderDate DESC LIMIT 1"
    )
    looked = [{"product_code": code, "quantity": 1, "in_shopping_cart": False} for code in ("S10_1678", "S10_1949")]
    events = [
        {
            "schema_version": 1, "event_id": f"{session}-{place}", "session_id": session, "customer_number": customer,
            "city": None, "country": None, "credit_limit": None, "event_time": f"{day}T10:0{place}:00Z",
            "browse_history": looked[:place],
        }
        for place in (1, 2, 2)
    ]  # fmt: skip
    aws.client("kinesis").put_records(
        StreamName=aws.fact("events/stream_name"),
        Records=[{"Data": json.dumps(event).encode(), "PartitionKey": session} for event in events],
    )
    return day


def wait_for_the_archive(aws: LocalAws, session: str) -> None:
    deadline = time.monotonic() + ARCHIVE_SECONDS
    sql = f"SELECT COUNT(*) FROM retail_bronze.browse_events WHERE session_id = '{session}'"
    while athena(aws, sql) != [("3",)]:
        assert time.monotonic() < deadline, "the click stream's archive did not deliver"
        time.sleep(1)


def damage(aws: LocalAws) -> list[str]:
    """Two pages that nobody fetched: a torn one, and one with a price that is none."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    torn, bad = (f"api/transactions/dt={today}/damaged-{uuid.uuid4().hex}-{n}.json" for n in "12")
    items = [{"product_code": "S18_1749", "quantity": 1, "price": "1,234.56"}]
    order = {"order_number": 10_100, "order_date": "2003-01-06", "items": items}
    body = json.dumps({"transactions": [order], "next_cursor": None})
    page = json.dumps({"fetched_at": "2026-01-01T00:00:00Z", "body": body})
    for key, content in ((torn, page[: len(page) // 2]), (bad, page)):
        aws.client("s3").put_object(Bucket=aws.fact("lake/landing_bucket"), Key=key, Body=content.encode())
    return [torn, bad]


def test_the_shops_orders_are_in_gold_to_the_cent(applied, hours):
    orders, units, value = hours.source
    [totals] = athena(
        applied,
        "SELECT SUM(total_transactions + cancelled_transactions), SUM(total_sales + cancelled_sales) "
        "FROM retail_gold.store_daily_sales WHERE store_id = 'online'",
    )
    assert totals == (str(orders), str(value))
    [products] = athena(
        applied,
        "SELECT SUM(total_units + cancelled_units), SUM(total_sales + cancelled_sales) "
        "FROM retail_gold.store_product_performance",
    )
    assert products == (str(units), str(value))


def test_each_day_is_what_the_source_says_of_it(applied, hours):
    expected = applied.source_sql(
        "SELECT CAST(orderDate AS CHAR), COUNT(DISTINCT orderNumber), SUM(quantityOrdered * priceEach) "
        "FROM orders JOIN orderdetails USING (orderNumber) WHERE status <> 'Cancelled' GROUP BY 1 ORDER BY 1"
    )
    found = athena(
        applied,
        "SELECT CAST(date AS VARCHAR), total_transactions, total_sales FROM retail_gold.store_daily_sales "
        "WHERE total_transactions > 0 ORDER BY 1",
    )
    assert found == [(day, str(orders), str(value)) for day, orders, value in expected]


def test_what_was_read_is_good_bad_or_a_duplicate(hours):
    for report in (hours.first.silver, hours.second.silver):
        counts = report["counts"]
        assert counts["read"] == counts["good"] + counts["quarantined"] + counts["duplicates"]
    assert hours.first.silver["counts"]["transactions read"] >= hours.first.fetched["transactions"]
    assert hours.first.fetched["kind"] == "full"


def test_a_second_reading_finds_nothing_new_and_moves_no_sales(hours):
    counts = hours.second.silver["counts"]
    assert (hours.second.fetched["kind"], hours.second.fetched["pages"]) == ("tail", 1)
    assert counts["transactions good"] == 0
    assert counts["transactions duplicates"] == hours.second.fetched["transactions"]
    before, after = hours.first.gold["tables"], hours.second.gold["tables"]
    for mart in ("store_daily_sales", "store_product_performance"):
        assert after[mart] == before[mart], "the very snapshot"


def test_damaged_pages_are_set_aside_with_their_reason(applied, hours):
    assert hours.second.silver["counts"]["transactions quarantined"] == len(hours.damaged)
    s3, reasons = applied.client("s3"), []
    for key in hours.damaged:
        name = "/".join(key.split("/")[-2:])
        kept = s3.get_object(Bucket=applied.fact("lake/lake_bucket"), Key=f"quarantine/api_transactions/{name}.jsonl")[
            "Body"
        ].read()
        line = json.loads(kept)
        reasons.append((line["file"], line["field"]))
    assert reasons == [(hours.damaged[0], "page"), (hours.damaged[1], "price")]
    [row] = athena(
        applied,
        "SELECT SUM(bad), SUM(read - good - bad - duplicates) FROM retail_silver.source_files "
        f"WHERE file IN ('{hours.damaged[0]}', '{hours.damaged[1]}')",
    )
    assert row == ("2", "0")


def test_a_session_whose_customer_ordered_that_day_is_in_the_funnel(applied, hours):
    clicks = athena(
        applied, f"SELECT product_id FROM retail_silver.clicks WHERE session_id = '{hours.session}' ORDER BY 1"
    )
    assert clicks == [("S10_1678",), ("S10_1949",)], "the event that came twice, and the history that repeats, once"
    [(sessions, viewed, ordered)] = athena(
        applied, f"SELECT sessions, viewed, ordered FROM retail_gold.conversion_funnel WHERE date = DATE '{hours.day}'"
    )
    assert int(sessions) >= int(viewed) >= int(ordered) >= 1


def test_a_publication_names_the_snapshots_that_readers_see(hours):
    for hour in (hours.first, hours.second):
        tables = {name: facts["snapshot_id"] for name, facts in hour.gold["tables"].items()}
        assert tables in hour.publications.values()


def test_pages_are_a_table_as_soon_as_they_are_fetched(applied, hours):
    [(pages, transactions)] = athena(
        applied,
        "SELECT COUNT(*), SUM(json_array_length(json_extract(body, '$.transactions'))) "
        f"FROM retail_bronze.api_transactions WHERE walk = '{hours.first.fetched['walk']}'",
    )
    assert (int(pages), int(transactions)) == (hours.first.fetched["pages"], hours.first.fetched["transactions"])


def test_the_stars_journal_is_the_stars_alone(applied, hours):
    foreign = "SELECT COUNT_IF(NOT contains(map_keys(snapshots), 'fact_orders')) FROM retail_gold.publications"
    assert athena(applied, foreign) == [("0",)]
