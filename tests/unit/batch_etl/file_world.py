"""Landing bucket, lake and ledger for tests of store files: Moto over HTTP, because Spark's workers read S3 too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import boto3
from batch_etl.sources.store_files.arrivals import PREFIX, FileVersion, resolve
from batch_etl.sources.store_files.ingestion import Ingestion
from batch_etl.sources.store_files.ledger import Ledger
from batch_etl.sources.store_files.options import IngestOptions
from batch_etl.sources.store_files.validation import Validator
from pyspark.sql import SparkSession

LANDING, LAKE, LEDGER, LOCKS = "landing", "lake", "file-ledger", "locks"


@dataclass(frozen=True)
class FileWorld:
    """`project` names the lake's databases."""

    spark: SparkSession
    project: str
    endpoint: str

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1")

    @property
    def s3(self) -> Any:
        return self.client("s3")

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.client("dynamodb"), LEDGER)

    @property
    def table(self) -> str:
        return f"glue_catalog.{self.project}_silver.store_sales"

    def make(self) -> FileWorld:
        for bucket in (LANDING, LAKE):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        dynamodb = self.client("dynamodb")
        names = ("objectKey", "versionId", "status", "receivedAt")
        dynamodb.create_table(
            TableName=LEDGER,
            KeySchema=_schema("objectKey", "versionId"),
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-status",
                    "KeySchema": _schema("status", "receivedAt"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.create_table(
            TableName=LOCKS,
            KeySchema=_schema("lockName"),
            AttributeDefinitions=[{"AttributeName": "lockName", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return self

    def drop(self, name: str, content: bytes | str, arrived: str = "") -> FileVersion:
        """A file as a store sends it."""
        body = content.encode() if isinstance(content, str) else content
        version = self.s3.put_object(Bucket=LANDING, Key=PREFIX + name, Body=body)["VersionId"]
        found = resolve(self.s3, LANDING, PREFIX + name, version, arrived)
        assert found is not None
        return found

    def validate(self, run_id: str, *files: FileVersion) -> dict[str, int]:
        validator = Validator(self.s3, self.ledger, LANDING, LAKE, f"{self.project}-file-ingestion")
        return validator.validate(run_id, [_named(file) for file in files])

    def ingest(self, run_id: str) -> dict[str, Any]:
        options = IngestOptions(self.project, LANDING, LAKE, LEDGER, LOCKS, run_id)
        return Ingestion(options, lambda: self.spark, self.s3, self.client("dynamodb")).run()

    def load(self, run_id: str, *files: FileVersion) -> dict[str, Any]:
        """What an execution does with files; its report."""
        if self.validate(run_id, *files)["accepted"]:
            self.ingest(run_id)
        report: dict[str, Any] = json.loads(self.lake_object(f"runs/{run_id}/report.json"))
        return report

    def sales(self) -> dict[str, Decimal]:
        """transaction_id → price, as the table has it; fails when an id is there twice."""
        if not self.spark.catalog.tableExists(self.table):
            return {}
        rows = self.spark.table(self.table).select("transaction_id", "price").collect()
        assert len({row[0] for row in rows}) == len(rows)
        return {row[0]: row[1] for row in rows}

    def branches(self) -> list[str]:
        rows = self.spark.sql(f"SELECT name FROM {self.table}.refs WHERE type = 'BRANCH'").collect()
        return [row["name"] for row in rows]

    def lake_object(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=LAKE, Key=key)["Body"].read()
        return content

    def lake_keys(self, prefix: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=LAKE, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def quarantined(self) -> list[dict[str, Any]]:
        lines = [self.lake_object(key).splitlines() for key in self.lake_keys("quarantine/store_files/rows/")]
        return [json.loads(line) for part in lines for line in part]


def _named(file: FileVersion) -> dict[str, str]:
    return {"key": file.key, "version": file.version, "arrived": file.arrived}


def _schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]
