"""Typed rows to Parquet under s3://<lake>/staged-files/<run id>/, through a local file of bounded size."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from batch_etl.sources.store_files.arrivals import FileVersion
from batch_etl.sources.store_files.contract import Contract
from batch_etl.sources.store_files.typed_rows import arrow_type

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "staged-files/"
ROWS_PER_FILE = 1_000_000
_ROWS_PER_GROUP = 65_536


def staged_schema(contract: Contract) -> pa.Schema:
    """The contract's columns, where a row came from, and its place in the run."""
    columns = [(column.name, arrow_type(column)) for column in contract.columns]
    provenance = [("source_file", pa.string()), ("source_version", pa.string()), ("source_part", pa.string())]
    return pa.schema([*columns, *provenance, ("source_line", pa.int64()), ("ordinal", pa.int64())])


@dataclass
class StagedRows:
    """The rows of one contract in a run. Small files share row groups; `finish` before the keys are read."""

    s3: S3Client
    bucket: str
    run_id: str
    contract: Contract
    folder: Path
    keys: list[str] = field(default_factory=list)
    rows: int = 0
    _held: list[pa.RecordBatch] = field(default_factory=list)
    _held_rows: int = 0
    _in_file: int = 0
    _writer: pq.ParquetWriter | None = None

    def write(self, good: pa.RecordBatch, file: FileVersion, part: str) -> None:
        """`good` as `typed` makes it."""
        count = good.num_rows
        if not count:
            return
        same = [pa.repeat(pa.scalar(value, pa.string()), count) for value in (file.key, file.version, part)]
        ordinal = pa.array(range(self.rows, self.rows + count), pa.int64())
        line = good.column("source_line")
        columns = [good.column(name) for name in self.contract.names]
        self._held.append(pa.RecordBatch.from_arrays([*columns, *same, line, ordinal], schema=self._schema))
        self.rows, self._held_rows = self.rows + count, self._held_rows + count
        if self._held_rows >= _ROWS_PER_GROUP:
            self._write_group()

    def finish(self) -> None:
        self._write_group()
        self._finish_file()

    @property
    def _schema(self) -> pa.Schema:
        return staged_schema(self.contract)

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.contract.name}.parquet"

    def _write_group(self) -> None:
        if not self._held:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, self._schema, compression="snappy")
        self._writer.write_table(pa.Table.from_batches(self._held), row_group_size=_ROWS_PER_GROUP)
        self._in_file += self._held_rows
        self._held, self._held_rows = [], 0
        if self._in_file >= ROWS_PER_FILE:
            self._finish_file()

    def _finish_file(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._writer, self._in_file = None, 0
        key = f"{PREFIX}{self.run_id}/{self.contract.name}/part-{len(self.keys):05d}.parquet"
        self.s3.upload_file(str(self._file), self.bucket, key)
        self._file.unlink()
        self.keys.append(key)


def clear(s3: S3Client, bucket: str, run_id: str) -> None:
    """Remove what the run staged."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{PREFIX}{run_id}/"):
        keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})  # type: ignore[typeddict-item]
