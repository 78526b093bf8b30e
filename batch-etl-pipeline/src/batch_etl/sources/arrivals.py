"""Objects that have come since they were last looked for."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as t

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, order=True)
class Arrival:
    """An object as it was listed; another content has another etag."""

    key: str
    etag: str


def arrivals(s3: S3Client, bucket: str, prefix: str, known: Container[tuple[str, str]]) -> list[Arrival]:
    """Objects with content below `prefix` whose (key, etag) is not known, in the order of their keys."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = (entry for page in pages for entry in page.get("Contents", []) if entry.get("Size"))
    listed = (Arrival(entry["Key"], entry["ETag"].strip('"')) for entry in found)
    return sorted(arrival for arrival in listed if (arrival.key, arrival.etag) not in known)


def read_objects(
    spark: SparkSession,
    bucket: str,
    arrived: list[Arrival],
    schema: t.StructType,
    decode: Callable[[str, bytes], Iterator[pa.RecordBatch]],
) -> DataFrame:
    """What `decode` makes of each object's key and bytes, read by boto3 in Spark's workers."""
    keys = [arrival.key for arrival in arrived]

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        s3: Any = boto3.client("s3")
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield from decode(keys[place], s3.get_object(Bucket=bucket, Key=keys[place])["Body"].read())

    tasks = min(len(keys), 4 * spark.sparkContext.defaultParallelism)
    return spark.range(0, len(keys), 1, numPartitions=tasks).mapInArrow(read, schema)
