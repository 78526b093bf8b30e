"""What an extract puts down before the lake takes it over: Parquet files under s3://<lake>/staging/<run id>/.

Written through a local file of bounded size, so that a table of any size needs the memory of one chunk. Spark reads
them with boto3 in its workers: the same on a Glue worker and anywhere else, with no file-system plug-in for s3://.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as t

from batch_etl.errors import StagingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROWS_PER_FILE = 1_000_000
ROWS_PER_BATCH = 65_536


@dataclass(frozen=True)
class Staging:
    """The staging area of `run_id` in the lake's bucket."""

    s3: S3Client
    bucket: str
    run_id: str

    @contextmanager
    def writer(self, table: str, schema: pa.Schema) -> Iterator[StagedTable]:
        """Write a table's batches; its files are complete when the block ends without an error."""
        with tempfile.TemporaryDirectory(prefix="staging-") as folder, _explained(table):
            staged = StagedTable(self, table, schema, Path(folder))
            yield staged
            staged.finish_file()

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        body = json.dumps(content, indent=2, ensure_ascii=False).encode()
        self.s3.put_object(Bucket=self.bucket, Key=f"staging/{self.run_id}/{name}.json", Body=body)

    def clear(self) -> int:
        """Remove the staging of this run and of all others: what a dead run left serves nobody. Counts the objects."""
        removed = 0
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="staging/")
        for page in pages:
            keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
            if keys:
                self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": keys, "Quiet": True})  # type: ignore[typeddict-item]
            removed += len(keys)
        return removed


@dataclass
class StagedTable:
    """One table being written. `digest` changes when any row, or the order of rows, does."""

    staging: Staging
    table: str
    schema: pa.Schema
    folder: Path
    rows: int = 0
    keys: list[str] = field(default_factory=list)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _writer: pq.ParquetWriter | None = None
    _rows_in_file: int = 0

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    @property
    def _file(self) -> Path:
        return self.folder / "part.parquet"

    def write(self, batch: pa.RecordBatch) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, self.schema, compression="snappy")
        self._writer.write_batch(batch)
        self.rows += batch.num_rows
        self._rows_in_file += batch.num_rows
        if self._rows_in_file >= ROWS_PER_FILE:
            self.finish_file()

    def finish_file(self) -> None:
        """Close the current file and put it on S3."""
        if self._writer is None:
            return
        self._writer.close()
        self._writer, self._rows_in_file = None, 0
        key = f"staging/{self.staging.run_id}/{self.table}/part-{len(self.keys):05d}.parquet"
        with self._file.open("rb") as content:
            self._digest.update(hashlib.file_digest(content, "sha256").digest())
        self.staging.s3.upload_file(str(self._file), self.staging.bucket, key)
        self._file.unlink()
        self.keys.append(key)


def read_staged(spark: SparkSession, bucket: str, keys: list[str], schema: t.StructType) -> DataFrame:
    """The staged files as a DataFrame, one task a file."""
    if not keys:
        return spark.createDataFrame([], schema)

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        s3 = boto3.client("s3")
        for batch in batches:
            for place in batch.column(0).to_pylist():
                body = s3.get_object(Bucket=bucket, Key=keys[place])["Body"].read()
                yield from pq.ParquetFile(io.BytesIO(body)).iter_batches(batch_size=ROWS_PER_BATCH)

    return spark.range(0, len(keys), 1, numPartitions=len(keys)).mapInArrow(read, schema)


@contextmanager
def _explained(table: str) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise StagingError(
            f"Staging {table} failed on the local disk: {problem}. Free space in the temporary folder, then run again."
        ) from problem
    except (Boto3Error, BotoCoreError, ClientError) as problem:
        raise StagingError(
            f"Staging {table} on S3 failed: {problem}. Check the job role's rights on the lake, then run again."
        ) from problem
