"""The last publication of the star schema, read at the snapshots that its journal row names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from streaming_recs.lake.errors import NotPublishedError
from streaming_recs.lake.options import JobOptions
from streaming_recs.lake.session import CATALOG

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Publication:
    """One run of the batch pipeline: its tables of gold, and the mirrors of bronze that they were made of."""

    spark: SparkSession
    options: JobOptions
    run_id: str
    published_at: datetime
    snapshots: dict[str, int]
    mirrors: dict[str, int]

    def read(self, table: str) -> DataFrame:
        """A table of gold as it was published, whatever has been written since."""
        return at_snapshot(self.spark, f"{self.options.gold}.{table}", self.snapshots[table])

    def read_mirror(self, table: str) -> DataFrame | None:
        """A mirror of bronze as this run found the source; None when the source had no such table, or no row in it."""
        if table not in self.mirrors:
            return None
        rows = at_snapshot(self.spark, f"{self.options.bronze}.{table}", self.mirrors[table])
        return None if rows.isEmpty() else rows


def last_publication(spark: SparkSession, s3: S3Client, options: JobOptions) -> Publication:
    """Raises NotPublishedError when the batch pipeline has not published yet, or its traces are gone."""
    journal = f"{CATALOG}.{options.gold}.publications"
    if not spark.catalog.tableExists(journal):
        raise NotPublishedError(f"{options.gold}.publications is missing. Run {options.project}-etl-job first.")
    rows = spark.table(journal).orderBy(F.col("publishedAt").desc()).limit(1).collect()
    if not rows:
        raise NotPublishedError(f"{options.gold}.publications has no row. Run {options.project}-etl-job first.")
    entry = rows[0]
    mirrors = _mirrors(s3, options.lake_bucket, entry["runId"])
    return Publication(spark, options, entry["runId"], entry["publishedAt"], dict(entry["snapshots"]), mirrors)


def _mirrors(s3: S3Client, bucket: str, run_id: str) -> dict[str, int]:
    """Mirror → snapshot, as the run's extract wrote it down: a mirror that it does not name is another source's."""
    key = f"runs/{run_id}/extract.json"
    try:
        content = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as problem:
        if problem.response["Error"]["Code"] not in ("NoSuchKey", "404"):
            raise
        raise NotPublishedError(
            f"s3://{bucket}/{key} is missing, so the source of publication {run_id} is not known. Run the ETL job."
        ) from problem
    return {name: int(mirror["snapshot"]) for name, mirror in content["mirrors"].items()}


def at_snapshot(spark: SparkSession, table: str, snapshot: int) -> DataFrame:
    """`table` (database.name) as it was then."""
    return spark.sql(f"SELECT * FROM {CATALOG}.{table} VERSION AS OF {snapshot}")  # noqa: S608 - names of our own
