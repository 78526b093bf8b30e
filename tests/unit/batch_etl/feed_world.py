"""The transaction feed on moto's AWS: its buckets, its table, its DynamoDB table, and what a reader of them sees."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from batch_etl.quality.feed import judge
from batch_etl.sources.feed.catalogue import Product, Shop
from batch_etl.sources.feed.intake import Intake
from batch_etl.sources.feed.landing import Landing
from batch_etl.sources.feed.latest import Latest
from batch_etl.sources.feed.objects import RawObject
from batch_etl.sources.feed.quarantine import Quarantine
from batch_etl.sources.feed.settings import TableSettings
from batch_etl.sources.feed.table import TransactionsTable
from batch_etl.transforms.feed_transactions import feed_transactions

LANDING, LAKE, LATEST = "shop-landing", "shop-lake", "shop-latest-transactions"
PRODUCTS = [
    Product("S10_1678", "1969 Harley Davidson Ultimate Chopper", "Motorcycles", Decimal("95.70")),
    Product("S18_3232", "1992 Ferrari 360 Spider red", "Classic Cars", Decimal("169.34")),
    Product("S24_2840", "1958 Chevy Corvette Limited Edition", "Classic Cars", Decimal("35.36")),
]


def sale(number: int, moment: str = "2026-03-02T10:00:00.000Z", **other: Any) -> dict[str, Any]:
    """A good transaction; 2026-03-02 is a Monday."""
    return {
        "transaction_id": f"T{number:04d}", "timestamp": moment, "customer_id": f"C{number % 7:05d}",
        "product_id": "S10_1678", "product_name": "1969 Harley Davidson Ultimate Chopper", "category": "Motorcycles",
        "quantity": 2, "price": "95.70", "total_amount": "191.40",
    } | other  # fmt: skip


@dataclass
class FeedWorld:
    session: boto3.Session
    products: list[Product] = field(default_factory=lambda: list(PRODUCTS))
    asked: int = 0

    def __post_init__(self) -> None:
        self.s3, self.glue = self.session.client("s3"), self.session.client("glue")
        self.dynamodb = self.session.client("dynamodb")
        for bucket in (LANDING, LAKE):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.glue.create_database(DatabaseInput={"Name": "shop_silver"})
        self.glue.create_table(
            DatabaseName="shop_silver",
            TableInput={
                "Name": "transactions",
                "StorageDescriptor": {"Location": f"s3://{LAKE}/silver/transactions/"},
                "PartitionKeys": [{"Name": "dt", "Type": "string"}],
            },
        )
        self.dynamodb.create_table(
            TableName=LATEST,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "day", "timestamp")],
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-day",
                    "KeySchema": [
                        {"AttributeName": "day", "KeyType": "HASH"},
                        {"AttributeName": "timestamp", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        self.landing = Landing(self.s3, LANDING)
        self.shop = Shop(self.s3, LANDING, self._ask)
        self.latest = Latest(self.dynamodb, LATEST, keep_days=30)
        self.table = TransactionsTable(self.glue, self.s3, TableSettings(LAKE, "shop_silver"))
        self.intake = Intake(self.landing, self.shop, self.latest, self.table, Quarantine(self.s3, LAKE))

    def _ask(self) -> list[Product]:
        self.asked += 1
        return self.products

    def land(self, content: Any, name: str = "a.json", day: str = "2026-03-02") -> RawObject:
        """Put a raw file: bytes as they are, anything else as JSON; what its event would name."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        key = f"transactions/raw/dt={day}/{name}"
        version = self.s3.put_object(Bucket=LANDING, Key=key, Body=body)["VersionId"]
        return RawObject(LANDING, key, version)

    def take(self, content: Any, name: str = "a.json") -> dict[str, int]:
        return self.intake.take(self.land(content, name))

    def rows(self) -> list[dict[str, Any]]:
        """What a query of the table reads: every file where the catalog says that a day is."""
        found = []
        for folder in self.table.days().values():
            for part in self.table.parts(folder):
                body = self.s3.get_object(Bucket=LAKE, Key=folder + part)["Body"].read()
                found += pq.read_table(io.BytesIO(body)).to_pylist()
        return found

    def files(self, prefix: str, bucket: str = LAKE) -> dict[str, str]:
        """ETags by key."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {one["Key"]: one["ETag"] for page in pages for one in page.get("Contents", [])}

    def quarantined(self) -> list[dict[str, Any]]:
        return [
            json.loads(line)
            for key in self.files("quarantine/transactions/")
            for line in self.s3.get_object(Bucket=LAKE, Key=key)["Body"].read().splitlines()
        ]

    def totals(self, *days: str) -> dict[str, tuple[int, int, Decimal]]:
        """transactions, quantity and revenue of days, as DynamoDB has them."""
        found = {day: self.latest.total(day) for day in days}
        return {day: (int(one["transactions"]), int(one["quantity"]), one["revenue"]) for day, one in found.items()}


def sums(rows: Sequence[dict[str, Any]]) -> dict[str, tuple[int, int, Decimal]]:
    """The same of rows, counted here."""
    made: dict[str, tuple[int, int, Decimal]] = {}
    for row in rows:
        day = f"{row['timestamp']:%Y-%m-%d}"
        count, quantity, revenue = made.get(day, (0, 0, Decimal(0)))
        made[day] = (count + 1, quantity + row["quantity"], revenue + row["total_amount"])
    return made


def typed(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Good transactions as the table's rows."""
    judged = judge(rows, [product.code for product in PRODUCTS], pd.Timestamp(datetime(2026, 12, 31, tzinfo=UTC)))
    assert not judged.bad
    return feed_transactions(judged.good)
