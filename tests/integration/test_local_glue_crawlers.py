"""Glue crawlers on local AWS: what they find in S3 is what Athena then reads."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws

BUCKET, DATABASE, ROLE = "crawled", "crawled", "crawler"
MANY = 400  # files: enough that a crawl of them can be met while it runs


def eventually(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)
    return value


class Crawlers:
    """A bucket and a database, and crawlers from one to the other."""

    def __init__(self, aws: Any) -> None:
        self.aws, self.glue, self.s3, self.athena = aws, *(aws.client(one) for one in ("glue", "s3", "athena"))

    def put(self, key: str, body: bytes | str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def parquet(self, key: str, table: pa.Table) -> None:
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        self.put(key, buffer.getvalue())

    def make(self, name: str, path: str, **more: Any) -> str:
        targets = {"S3Targets": [{"Path": f"s3://{BUCKET}/{path}"}]}
        self.glue.create_crawler(Name=name, Role=ROLE, Targets=targets, **({"DatabaseName": DATABASE} | more))
        return name

    def look(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.glue.get_crawler(Name=name)["Crawler"]
        return found

    def ended(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = eventually(lambda: self.look(name)["State"] == "READY" and self.look(name))["LastCrawl"]
        return found

    def run(self, name: str) -> dict[str, Any]:
        self.glue.start_crawler(Name=name)
        return self.ended(name)

    def sql(self, text: str) -> list[list[str | None]]:
        query = self.athena.start_query_execution(
            QueryString=text,
            QueryExecutionContext={"Database": DATABASE},
            ResultConfiguration={"OutputLocation": f"s3://{BUCKET}-results/"},
        )["QueryExecutionId"]

        def status() -> Any:
            return self.athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]

        eventually(lambda: status()["State"] not in ("QUEUED", "RUNNING"), seconds=240)  # the first one starts Trino
        assert status()["State"] == "SUCCEEDED", status()
        rows = self.athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"][1:]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]


@pytest.fixture(scope="module")
def crawlers(local_aws) -> Crawlers:
    made = Crawlers(local_aws)
    for bucket in (BUCKET, f"{BUCKET}-results"):
        made.s3.create_bucket(Bucket=bucket)
    made.glue.create_database(DatabaseInput={"Name": DATABASE})
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    local_aws.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=policy)
    return made


@pytest.fixture(scope="module")
def scheduled(crawlers) -> str:
    """A crawler that is to run at the next full minute: made first, looked at last."""
    crawlers.put("scheduled/rows.json", '{"id": 1}\n')
    due = datetime.now(UTC) + timedelta(seconds=65)
    return crawlers.make("scheduled", "scheduled/", Schedule=f"cron({due.minute} {due.hour} * * ? *)")


@pytest.fixture(scope="module")
def many(crawlers) -> str:
    for number in range(MANY):
        crawlers.put(f"many/dt=2026-01-{number % 28 + 1:02}/{number}.json", json.dumps({"id": number}) + "\n")
    return "many/"


def orders(day: int, *prices: str) -> pa.Table:
    kind = pa.schema([("id", pa.int64()), ("price", pa.decimal128(10, 2)), ("at", pa.timestamp("ms"))])
    rows = [
        {"id": n, "price": Decimal(price), "at": datetime(2026, 1, day, n)}  # noqa: DTZ001 - Parquet's are local
        for n, price in enumerate(prices)
    ]
    return pa.Table.from_pylist(rows, schema=kind)


@pytest.mark.usefixtures("scheduled")
def test_what_a_crawler_finds_athena_sums_to_the_cent(crawlers):
    crawlers.parquet("feeds/orders/dt=2026-01-01/a.parquet", orders(1, "10.10", "0.01"))
    crawlers.parquet("feeds/orders/dt=2026-01-02/a.parquet", orders(2, "99.99"))
    clicks = [{"session": "s1", "items": [{"sku": "A", "n": 2}]}, {"session": "s2", "items": [{"sku": "B", "n": 5}]}]
    for number, click in enumerate(clicks):
        crawlers.put(f"feeds/clicks/{number}/part.json", json.dumps(click))
    crawlers.put("feeds/shops/all.csv", "shop,orders,rate\nnorth,3,0.5\nsouth,4,0.25\n")
    last = crawlers.run(crawlers.make("feeds", "feeds/", TablePrefix="raw_"))
    assert (last["Status"], last["LogGroup"], last["LogStream"]) == ("SUCCEEDED", "/aws-glue/crawlers", "feeds")
    assert crawlers.sql("SELECT SUM(price), MAX(\"at\") FROM raw_orders WHERE dt <= '2026-01-01'") == [
        ["10.11", "2026-01-01 01:00:00.000"]
    ]
    assert crawlers.sql("SELECT SUM(price) FROM raw_orders") == [["110.10"]]
    assert crawlers.sql("SELECT SUM(n), MAX(partition_0) FROM raw_clicks CROSS JOIN UNNEST(items) AS t(sku, n)") == [
        ["7", "1"]
    ]
    assert crawlers.sql("SELECT shop, orders * rate FROM raw_shops ORDER BY 1") == [["north", "1.5"], ["south", "1.0"]]


def test_a_new_partition_is_read_after_the_next_crawl(crawlers):
    crawlers.parquet("growing/dt=2026-01-01/a.parquet", orders(1, "1.00"))
    crawlers.run(crawlers.make("growing", "growing/"))
    crawlers.parquet("growing/dt=2026-01-02/a.parquet", orders(2, "2.00"))
    assert crawlers.sql("SELECT SUM(price) FROM growing") == [["1.00"]]
    crawlers.run("growing")
    assert crawlers.sql("SELECT SUM(price) FROM growing") == [["3.00"]]
    newest, first = crawlers.glue.list_crawls(CrawlerName="growing")["Crawls"]
    added = {"Details": {"names": ["growing(2026-01-02)"]}, "Count": 1}
    assert json.loads(newest["Summary"]) == {"PARTITION": {"ADD": added}}
    assert json.loads(first["Summary"])["TABLE"]["ADD"]["Count"] == 1
    (metrics,) = crawlers.glue.get_crawler_metrics(CrawlerNameList=["growing"])["CrawlerMetricsList"]
    assert (metrics["CrawlerName"], metrics["TablesCreated"]) == ("growing", 0)


def test_an_end_is_told_to_eventbridge_and_to_the_log(crawlers, local_aws):
    sqs, events = local_aws.client("sqs"), local_aws.client("events")
    url = sqs.create_queue(QueueName="crawler-ends")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.glue"], "detail-type": ["Glue Crawler State Change"], "detail": {"state": ["Succeeded"]}}
    events.put_rule(Name="crawler-ends", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="crawler-ends", Targets=[{"Id": "queue", "Arn": arn}])
    crawlers.put("told/rows.json", '{"id": 1}\n')
    last = crawlers.run(crawlers.make("told", "told/"))
    detail = json.loads(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"])["detail"]
    expected = {"crawlerName": "told", "state": "Succeeded", "tablesCreated": "1", "partitionsCreated": "0"}
    assert {name: detail[name] for name in expected} == expected
    logged = local_aws.client("logs").get_log_events(logGroupName=last["LogGroup"], logStreamName="told")["events"]
    prefix = f"[{last['MessagePrefix']}] "
    assert f"{prefix}INFO : Created table told in database {DATABASE}" in [event["message"] for event in logged]


def test_a_crawl_without_a_database_or_a_bucket_fails(crawlers):
    crawlers.put("nowhere/rows.json", '{"id": 1}\n')
    last = crawlers.run(crawlers.make("no-database", "nowhere/", DatabaseName="missing"))
    assert last["Status"] == "FAILED"
    assert "missing" in last["ErrorMessage"]
    targets = {"S3Targets": [{"Path": "s3://no-such-bucket-here/x/"}]}
    crawlers.glue.create_crawler(Name="no-bucket", Role=ROLE, DatabaseName=DATABASE, Targets=targets)
    last = crawlers.run("no-bucket")
    assert last["Status"] == "FAILED"
    assert "NoSuchBucket" in last["ErrorMessage"]


def test_what_glue_refuses_at_once(crawlers):
    with pytest.raises(ClientError, match="unable to assume provided role"):
        crawlers.glue.create_crawler(Name="r", Role="nobody", DatabaseName=DATABASE, Targets={"S3Targets": []})
    with pytest.raises(ClientError) as unknown:
        crawlers.glue.start_crawler(Name="nobody")
    assert unknown.value.response["Error"]["Code"] == "EntityNotFoundException"


def test_one_crawl_at_a_time_then_a_stop(crawlers, many):
    name = crawlers.make("stopped", many)
    crawlers.glue.start_crawler(Name=name)
    for refused in (crawlers.glue.start_crawler, crawlers.glue.delete_crawler):
        with pytest.raises(ClientError) as busy:
            refused(Name=name)
        assert busy.value.response["Error"]["Code"] == "CrawlerRunningException"
    crawlers.glue.stop_crawler(Name=name)
    assert crawlers.ended(name)["Status"] == "CANCELLED"
    assert crawlers.glue.list_crawls(CrawlerName=name)["Crawls"][0]["State"] == "STOPPED"
    assert not crawlers.glue.get_tables(DatabaseName=DATABASE, Expression="many")["TableList"]
    with pytest.raises(ClientError) as idle:
        crawlers.glue.stop_crawler(Name=name)
    assert idle.value.response["Error"]["Code"] == "CrawlerNotRunningException"


def test_a_crawl_outlives_the_gateway(crawlers, many, local_aws):
    name = crawlers.make("outlives", many)
    crawlers.glue.start_crawler(Name=name)
    assert crawlers.look(name)["State"] == "RUNNING"
    local_aws.kill_gateway()
    assert crawlers.ended(name)["Status"] == "SUCCEEDED"
    assert len(crawlers.glue.list_crawls(CrawlerName=name)["Crawls"]) == 1
    assert crawlers.sql("SELECT COUNT(*), SUM(id) FROM many") == [[str(MANY), str(sum(range(MANY)))]]


def test_a_schedule_runs_its_crawler(crawlers, scheduled):
    eventually(lambda: crawlers.look(scheduled).get("LastCrawl"), seconds=90)
    assert crawlers.ended(scheduled)["Status"] == "SUCCEEDED"
    assert crawlers.sql("SELECT id FROM scheduled") == [["1"]]
    crawlers.glue.stop_crawler_schedule(CrawlerName=scheduled)
    assert crawlers.look(scheduled)["Schedule"]["State"] == "NOT_SCHEDULED"
