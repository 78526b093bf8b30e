"""A landing bucket, a lake and the two jobs' work between them, on a real Iceberg catalogue and Moto's S3 over HTTP."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from batch_etl.medallion.gold import Gold
from batch_etl.medallion.options import GoldOptions, SilverOptions
from batch_etl.medallion.reports import noted
from batch_etl.medallion.silver import Silver
from batch_etl.report import RunReport
from batch_etl.sources.api.fields import Fields
from pyspark.sql import SparkSession

LANDING, LAKE, LOCKS = "shop-landing", "shop-lake", "locks"
PAGES = "api/transactions/dt=2026-05-21"
EVENTS = "bronze/browse_events/dt=2026-05-21"


class MedallionWorld:
    def __init__(self, spark: SparkSession, project: str, endpoint: str) -> None:
        self.spark, self.project = spark, project
        self.s3: Any = boto3.client("s3", endpoint_url=endpoint)
        self.dynamodb: Any = boto3.client("dynamodb", endpoint_url=endpoint)
        for bucket in (LANDING, LAKE):
            self.s3.create_bucket(Bucket=bucket)
        self.dynamodb.create_table(
            TableName=LOCKS,
            KeySchema=[{"AttributeName": "lockName", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "lockName", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def land(self, name: str, *orders: Any, minute: int = 0) -> str:
        """A page as retail-api-fetch stores it."""
        body = json.dumps({"transactions": list(orders), "next_cursor": None})
        moment = f"2026-05-21T12:{minute:02d}:00.000000Z"
        return self.land_bytes(name, json.dumps({"fetched_at": moment, "body": body}).encode())

    def land_bytes(self, name: str, content: bytes) -> str:
        key = f"{PAGES}/{name}.json"
        self.s3.put_object(Bucket=LANDING, Key=key, Body=content)
        return key

    def archive(self, name: str, *events: dict[str, Any]) -> None:
        """Events as Firehose archives them: Parquet, times without a zone."""
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(events), schema=_EVENTS), file)
        self.archive_bytes(name, file.getvalue())

    def archive_bytes(self, name: str, content: bytes) -> None:
        self.s3.put_object(Bucket=LAKE, Key=f"{EVENTS}/{name}.parquet", Body=content)

    def to_silver(self, run_id: str = "silver-1", **fields: str) -> dict[str, int]:
        options = SilverOptions(self.project, LAKE, run_id, LANDING, Fields(**fields), "online")
        silver, report = Silver(self.spark, self.s3, options), RunReport(run_id)
        noted(report, "transactions", silver.take_transactions())
        noted(report, "events", silver.take_clicks())
        return report.counts

    def to_gold(self, run_id: str = "gold-1") -> RunReport:
        report = RunReport(run_id)
        Gold(self.spark, self.dynamodb, GoldOptions(self.project, LAKE, run_id, LOCKS)).publish(report)
        return report

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a question in which silver and gold stand for the project's databases."""
        for layer in ("silver", "gold"):
            sql = sql.replace(f"{layer}.", f"glue_catalog.{self.project}_{layer}.")
        return [tuple(row) for row in self.spark.sql(sql).collect()]

    def snapshots(self) -> dict[str, list[int]]:
        """Every snapshot of every table of silver."""
        tables = ("transaction_items", "clicks", "sessions", "source_files")
        return {
            name: [row[0] for row in self.ask(f"SELECT snapshot_id FROM silver.{name}.snapshots")] for name in tables
        }

    def quarantined(self) -> list[dict[str, Any]]:
        found = self.s3.list_objects_v2(Bucket=LAKE, Prefix="quarantine/").get("Contents", [])
        bodies = [self.s3.get_object(Bucket=LAKE, Key=entry["Key"])["Body"].read().decode() for entry in found]
        return [json.loads(line) for body in bodies for line in body.splitlines()]


def counts(report: dict[str, int], what: str) -> tuple[int, int, int, int]:
    """Read, good, bad, duplicates."""
    read, good, bad, twice = (report[f"{what} {name}"] for name in ("read", "good", "quarantined", "duplicates"))
    assert read == good + bad + twice
    return read, good, bad, twice


def event(
    name: str, session: str, hour: int, *products: str, customer: int | None = None, **changes: Any
) -> dict[str, Any]:
    """A browse event: `hour` on May 21st; a product with + is in the cart."""
    history = [
        {"product_code": code.rstrip("+"), "quantity": 1, "in_shopping_cart": code.endswith("+")} for code in products
    ]
    return {
        "schema_version": 1, "event_id": name, "session_id": session, "customer_number": customer, "city": None,
        "country": None, "credit_limit": None,
        "event_time": datetime(2026, 5, 21, hour, tzinfo=UTC).replace(tzinfo=None), "browse_history": history,
    } | changes  # fmt: skip


_EVENTS = pa.schema(
    [
        ("schema_version", pa.int32()), ("event_id", pa.string()), ("session_id", pa.string()),
        ("customer_number", pa.int64()), ("city", pa.string()), ("country", pa.string()),
        ("credit_limit", pa.float64()), ("event_time", pa.timestamp("ns")),
        (
            "browse_history",
            pa.list_(
                pa.struct([("product_code", pa.string()), ("quantity", pa.int64()), ("in_shopping_cart", pa.bool_())])
            ),
        ),
    ]
)  # fmt: skip
