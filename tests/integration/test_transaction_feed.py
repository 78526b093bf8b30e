"""The transaction feed on the applied platform: from the shop's catalogue to Athena and DynamoDB, to the cent.

All of it happens on days of its own, so that what the schedule makes meanwhile does not matter.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from batch_etl.analytics.athena import ask
from batch_etl.sources.feed.latest import Latest
from batch_etl.sources.feed.objects import RawObject
from support import CHECKOUT, LocalAws

pytestmark = pytest.mark.local_aws

DAYS = ("2026-03-01", "2026-03-02")
EVENTS = [
    {"id": "feed-test-1", "time": "2026-03-01T10:05:00Z", "transactions": 120},
    {"id": "feed-test-2", "time": "2026-03-02T00:02:00Z", "transactions": 80},
    {"id": "feed-test-3", "time": "2026-03-02T18:30:00Z"},
]
QUERIES = sorted((CHECKOUT / "sql" / "athena" / "transactions").glob("*.sql"))
SECONDS = 120
GOOD = {
    "transaction_id": "feed-test-by-hand", "timestamp": "2026-03-02T12:00:00Z", "customer_id": "C00001",
    "quantity": 3, "price": "0.10", "total_amount": "0.30",
}  # fmt: skip


@dataclass
class Feed:
    """What landed on our days, and the ways to ask for what became of it."""

    aws: LocalAws
    landing: str
    lake: str
    files: list[RawObject] = field(default_factory=list)
    raw: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        answer = self.aws.client("lambda").invoke(
            FunctionName=f"retail-transaction-{function}", Payload=json.dumps(event)
        )
        content = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, content
        return content

    def land(self, key: str, body: bytes) -> None:
        version = self.aws.client("s3").put_object(Bucket=self.landing, Key=key, Body=body)["VersionId"]
        self.files.append(RawObject(self.landing, key, version))

    def generate(self, event: dict[str, Any]) -> None:
        key = self.invoke("generator", event)["key"]
        found = self.aws.client("s3").get_object(Bucket=self.landing, Key=key)
        self.raw += json.loads(found["Body"].read())
        self.files.append(RawObject(self.landing, key, found["VersionId"]))

    @property
    def latest(self) -> Latest:
        return Latest(self.aws.client("dynamodb"), "retail-latest-transactions", keep_days=30)

    def wait(self) -> None:
        deadline = time.monotonic() + SECONDS
        while missing := [str(one) for one in self.files if self.latest.outcome(one.identity) is None]:
            assert time.monotonic() < deadline, f"not taken in: {missing}"
            time.sleep(0.2)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        athena = self.aws.client("athena")
        return [*ask(athena, sql, workgroup="retail-analytics", database="retail_silver").rows]

    def by_day(self) -> dict[str, tuple[int, int, Decimal]]:
        rows = self.ask(
            "SELECT dt, COUNT(DISTINCT transaction_id), COUNT(*), SUM(quantity), SUM(total_amount) "
            f"FROM retail_silver.transactions WHERE dt IN {DAYS} GROUP BY dt"
        )
        assert all(row[1] == row[2] for row in rows)
        return {row[0]: (row[2], row[3], row[4]) for row in rows}

    def expected(self) -> dict[str, tuple[int, int, Decimal]]:
        found = {day: [one for one in self.raw if one["timestamp"].startswith(day)] for day in DAYS}
        return {
            day: (len(rows), sum(one["quantity"] for one in rows), sum(Decimal(one["total_amount"]) for one in rows))
            for day, rows in found.items()
        }

    def places(self) -> dict[str, str]:
        pages = self.aws.client("glue").get_paginator("get_partitions")
        found = pages.paginate(DatabaseName="retail_silver", TableName="transactions")
        return {one["Values"][0]: one["StorageDescriptor"]["Location"] for page in found for one in page["Partitions"]}

    def objects(self) -> dict[str, str]:
        """Everything of the table and its quarantine, by key."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2")
        prefixes = ("silver/transactions", "quarantine/transactions")
        return {
            one["Key"]: one["ETag"]
            for prefix in prefixes
            for page in pages.paginate(Bucket=self.lake, Prefix=prefix)
            for one in page.get("Contents", [])
        }


@pytest.fixture(scope="module")
def feed(applied: LocalAws) -> Feed:
    made = Feed(applied, applied.fact("lake/landing_bucket"), applied.fact("lake/lake_bucket"))
    for event in EVENTS:
        made.generate(event)
    sold = {name: made.raw[0][name] for name in ("product_id", "product_name", "category")}
    good = GOOD | sold
    bad = [good | {"transaction_id": "feed-test-bad", "price": "-0.10"}, good | {"transaction_id": None}]
    made.raw.append(good)
    made.land(
        "transactions/raw/dt=2026-03-02/feed test by hand+.json",
        "\n".join([json.dumps(good), *map(json.dumps, bad), '{"cut sho']).encode(),
    )
    made.wait()
    return made


def test_athena_has_what_landed_to_the_cent(feed):
    assert feed.by_day() == feed.expected()


def test_dynamodb_has_the_same_totals(feed):
    totals = {day: feed.latest.total(day) for day in DAYS}
    found = {day: (one["transactions"], one["quantity"], one["revenue"]) for day, one in totals.items()}
    assert found == feed.expected()
    newest = max(one["timestamp"] for one in feed.raw)
    assert feed.latest.of_day(DAYS[1], most=1)[0]["timestamp"] == newest


def test_the_parts_of_the_moment_are_those_of_the_timestamp(feed):
    wrong = feed.ask(
        "SELECT COUNT(*) FROM retail_silver.transactions WHERE NOT (year = YEAR(timestamp) "
        "AND month = MONTH(timestamp) AND day = DAY(timestamp) AND hour = HOUR(timestamp) "
        "AND day_of_week = DAY_OF_WEEK(timestamp) - 1 AND dt = DATE_FORMAT(timestamp, '%Y-%m-%d') "
        "AND total_amount = quantity * price)"
    )
    assert wrong == [(0,)]


def test_what_is_not_good_is_quarantined_with_its_reason(feed):
    keys = [key for key in feed.objects() if key.startswith("quarantine/") and "feed-test-by-hand" in key]
    assert len(keys) == 1
    body = feed.aws.client("s3").get_object(Bucket=feed.lake, Key=keys[0])["Body"].read()
    assert [(line["position"], line["reason"]) for line in map(json.loads, body.splitlines())] == [
        (2, "price is no amount such as 19.99"),
        (3, "transaction_id is missing"),
        (4, "is no JSON object"),
    ]


def test_what_comes_again_changes_nothing(feed):
    before = (feed.by_day(), feed.objects(), {day: feed.latest.total(day) for day in DAYS})
    for event in EVENTS:
        assert feed.invoke("generator", event)["written"] is False
    for one in feed.files:
        feed.invoke("transformer", created(one))
    feed.invoke("transformer", {"Records": [notified(one) for one in feed.files]})
    assert (feed.by_day(), feed.objects(), {day: feed.latest.total(day) for day in DAYS}) == before


def created(one: RawObject) -> dict[str, Any]:
    detail = {"bucket": {"name": one.bucket}, "object": {"key": one.key, "version-id": one.version}}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def notified(one: RawObject) -> dict[str, Any]:
    key = one.key.replace("+", "%2B").replace(" ", "+")
    return {"s3": {"bucket": {"name": one.bucket}, "object": {"key": key, "versionId": one.version}}}


def test_a_file_that_is_not_there_is_an_error(feed):
    event = created(RawObject(feed.landing, "transactions/raw/dt=2026-03-02/gone.json"))
    answer = feed.aws.client("lambda").invoke(FunctionName="retail-transaction-transformer", Payload=json.dumps(event))
    assert answer["FunctionError"]
    assert json.loads(answer["Payload"].read())["errorType"] == "FeedObjectMissing"


def test_an_event_that_fails_waits_in_the_queue(feed):
    """Lambda repeats it twice, then hands it over whole; the queue has an alarm."""
    event = created(RawObject(feed.landing, "transactions/raw/dt=2026-03-02/gone.json"))
    feed.aws.client("lambda").invoke(
        FunctionName="retail-transaction-transformer", InvocationType="Event", Payload=json.dumps(event)
    )
    sqs, deadline = feed.aws.client("sqs"), time.monotonic() + SECONDS
    queue = sqs.get_queue_url(QueueName="retail-transaction-feed-failed")["QueueUrl"]
    while not (found := sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages")):
        assert time.monotonic() < deadline, "the event is in no queue"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=found[0]["ReceiptHandle"])
    assert json.loads(found[0]["Body"])["requestPayload"] == event


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_the_sample_queries_answer(feed, query: Path):
    ours = f"(SELECT * FROM retail_silver.transactions WHERE dt IN {DAYS})"
    rows = feed.ask(query.read_text().replace("retail_silver.transactions", ours))
    places, expected = answers(feed.raw)[query.stem]
    assert [tuple(row[place] for place in places) for row in rows] == expected


def answers(raw: list[dict[str, Any]]) -> dict[str, tuple[tuple[int, ...], list[tuple[Any, ...]]]]:
    """The same, counted here, and which of a query's columns it is."""

    def groups(key: Callable[[dict[str, Any]], Any]) -> list[tuple[Any, int, int, Decimal]]:
        """Key, transactions, pieces, revenue; by revenue, the most first."""
        found: dict[Any, list[dict[str, Any]]] = {}
        for one in raw:
            found.setdefault(key(one), []).append(one)
        sums = [
            (of, len(rows), sum(one["quantity"] for one in rows), sum(Decimal(one["total_amount"]) for one in rows))
            for of, rows in found.items()
        ]
        return sorted(sums, key=lambda row: (-row[3], row[0]))

    names = {"2026-03-01": (6, "Sunday"), "2026-03-02": (0, "Monday")}
    days, hours = groups(lambda one: one["timestamp"][:10]), groups(lambda one: int(one["timestamp"][11:13]))
    customers = groups(lambda one: one["customer_id"])[:20]
    return {
        "revenue_by_category": ((0, 1, 2, 3), groups(lambda one: one["category"])),
        "top_products": ((0, 3, 4, 5), groups(lambda one: one["product_id"])[:20]),
        "customer_value": ((0, 1, 2), [(customer, count, revenue) for customer, count, _, revenue in customers]),
        "hourly_pattern": ((0, 1, 2), sorted((hour, count, revenue) for hour, count, _, revenue in hours)),
        "day_of_week": ((0, 1, 2, 3, 4), sorted((*names[day], 1, count, revenue) for day, count, _, revenue in days)),
    }


def test_compaction_and_crawler_keep_the_sums(feed):
    """One file a day afterwards; the crawler enters a day that nobody has, and moves none back."""
    expected = feed.expected()
    moves = feed.invoke("compactor", {"step": "compact", "days": [*DAYS]})["moves"]
    assert {move["day"]: move["rows"] for move in moves} == {day: count for day, (count, _, _) in expected.items()}
    assert feed.by_day() == expected
    feed.invoke("compactor", {"step": "clean", "moves": moves})
    assert feed.by_day() == expected
    compacted = {day: feed.places()[day] for day in DAYS}
    assert all("transactions_compacted" in place for place in compacted.values())

    late = feed.raw[-1] | {"transaction_id": "feed-test-late"}
    feed.raw.append(late)
    feed.land("transactions/raw/dt=2026-03-02/feed-test-late.json", json.dumps([late]).encode())
    feed.wait()
    assert feed.by_day() == feed.expected()

    drop_by_hand(feed, "2026-02-01")
    crawl(feed)
    assert {day: feed.places()[day] for day in DAYS} == compacted
    assert feed.by_day() == feed.expected()
    assert feed.ask("SELECT COUNT(*) > 0 FROM retail_silver.transactions WHERE dt = '2026-02-01'") == [(True,)]


def drop_by_hand(feed: Feed, day: str) -> None:
    """A file that no function wrote, in a day that the catalog does not know."""
    s3 = feed.aws.client("s3")
    source = next(key for key in feed.objects() if key.endswith("transactions.parquet"))
    s3.copy_object(
        Bucket=feed.lake,
        Key=f"silver/transactions/dt={day}/by-hand.parquet",
        CopySource={"Bucket": feed.lake, "Key": source},
    )
    assert day not in feed.places()


def crawl(feed: Feed) -> None:
    glue = feed.aws.client("glue")
    glue.start_crawler(Name="retail-transactions")
    deadline = time.monotonic() + SECONDS
    while (crawler := glue.get_crawler(Name="retail-transactions")["Crawler"])["State"] != "READY":
        assert time.monotonic() < deadline, "the crawler does not end"
        time.sleep(0.2)
    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED", crawler["LastCrawl"]
