"""retail_silver.transactions as files and partitions: a file is added so that readers see it once, and at once.

Each day is a partition, and the catalog says where its files are: in the day's own folder at first, in a folder of a
compaction later. Who adds a file looks before and after; when the day has moved in between, the file follows.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from batch_etl.errors import CompactionMismatch
from batch_etl.sources.feed.settings import TableSettings

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

FOLDER = "silver/transactions/"
COMPACTED = "silver/transactions_compacted/"
MERGED = "_merged.json"  # readers pass over names with an underscore
_MOVES = 10


@dataclass(frozen=True)
class TransactionsTable:
    glue: GlueClient
    s3: S3Client
    settings: TableSettings

    def add(self, day: str, part: str, rows: pa.Table) -> str:
        """Put a file of that name into the day, unless a compaction has taken it in; its key."""
        body = to_parquet(rows)
        folder = self.folder(day) or self._create(day)
        for _ in range(_MOVES):
            if part in self.merged(folder):
                return f"{folder}{part}"
            self.s3.put_object(Bucket=self.settings.lake_bucket, Key=f"{folder}{part}", Body=body)
            now = self.folder(day) or self._create(day)
            if now == folder:
                return f"{folder}{part}"
            folder = now
        raise RuntimeError(f"Partition dt={day} of {self.settings.table} moves all the time.")

    def folder(self, day: str) -> str | None:
        """The key prefix of a day's files, as the catalog says; None when it knows no such day."""
        try:
            found = self.glue.get_partition(**self._names(), PartitionValues=[day])["Partition"]
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "EntityNotFoundException":
                raise
            return None
        return self._prefix(found["StorageDescriptor"]["Location"])

    def days(self) -> dict[str, str]:
        """Every day's folder."""
        pages = self.glue.get_paginator("get_partitions").paginate(**self._names(), ExcludeColumnSchema=True)
        return {
            one["Values"][0]: self._prefix(one["StorageDescriptor"]["Location"])
            for page in pages
            for one in page["Partitions"]
        }

    def merged(self, folder: str) -> set[str]:
        """Names of the files that the compaction of this folder has taken in."""
        if not folder.startswith(COMPACTED):
            return set()
        try:
            body = self.s3.get_object(Bucket=self.settings.lake_bucket, Key=folder + MERGED)["Body"].read()
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "NoSuchKey":
                raise
            return set()
        return set(json.loads(body)["parts"])

    def parts(self, folder: str) -> list[str]:
        """Names of the data files in a folder, in order."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.settings.lake_bucket, Prefix=folder, Delimiter="/"
        )
        names = [one["Key"].removeprefix(folder) for page in pages for one in page.get("Contents", [])]
        return sorted(name for name in names if name and not name.startswith(("_", ".")))

    def move(self, day: str, folder: str) -> None:
        """From now on readers find the day's files in `folder`: one write of the catalog, so all or nothing.

        Raises CompactionMismatch when the catalog refuses.
        """
        held: Any = self.glue.get_partition(**self._names(), PartitionValues=[day])["Partition"]
        entry: Any = {
            "PartitionValueList": [day],
            "PartitionInput": self._input(held["StorageDescriptor"], day, folder),
        }
        refused = self.glue.batch_update_partition(**self._names(), Entries=[entry]).get("Errors")
        if refused:
            raise CompactionMismatch(
                f"The catalog did not move dt={day} of {self.settings.table} to {folder}: "
                f"{refused[0].get('ErrorDetail')}. Readers still see the small files; run the compaction again."
            )

    def _create(self, day: str) -> str:
        """Make the day known; another call may have done so meanwhile."""
        table: Any = self.glue.get_table(DatabaseName=self.settings.database, Name=self.settings.table)["Table"]
        folder = f"{FOLDER}dt={day}/"
        try:
            self.glue.create_partition(
                **self._names(), PartitionInput=self._input(table["StorageDescriptor"], day, folder)
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "AlreadyExistsException":
                raise
            return self.folder(day) or folder
        return folder

    def _input(self, descriptor: Any, day: str, folder: str) -> Any:
        location = f"s3://{self.settings.lake_bucket}/{folder}"
        return {"Values": [day], "StorageDescriptor": descriptor | {"Location": location}}

    def _prefix(self, location: str) -> str:
        return location.removeprefix(f"s3://{self.settings.lake_bucket}/").rstrip("/") + "/"

    def _names(self) -> Any:
        return {"DatabaseName": self.settings.database, "TableName": self.settings.table}


def to_parquet(rows: pa.Table) -> bytes:
    """A file with Snappy; the same rows give the same bytes."""
    sink = io.BytesIO()
    pq.write_table(rows, sink, compression="snappy")
    return sink.getvalue()
