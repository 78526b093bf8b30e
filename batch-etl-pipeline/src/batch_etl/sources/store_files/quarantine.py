"""What could not be loaded, for people: rows as JSON lines, whole files as they came.

s3://<lake>/quarantine/store_files/rows/<run id>-<part>.jsonl   one line a bad record: file, line, field, reason, remedy
s3://<lake>/quarantine/store_files/files/<run id>/<slug>        files that cannot be read, or not to their end
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from batch_etl.sources.store_files.arrivals import GONE, FileVersion, version_argument
from batch_etl.sources.store_files.entries import Defect

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROWS = "quarantine/store_files/rows/"
FILES = "quarantine/store_files/files/"
_BYTES_PER_PART = 64 * 2**20


@dataclass(frozen=True)
class Quarantine:
    """That of a run. Writing it again replaces what the run wrote before."""

    s3: S3Client
    bucket: str
    run_id: str

    @contextmanager
    def rows(self, of: str) -> Iterator[QuarantinedRows]:
        """Write bad rows; they are on S3 when the block ends. `of`: what step of the run found them."""
        self._clear(f"{ROWS}{self.run_id}-{of}-")
        with TemporaryDirectory(prefix="quarantine-") as folder:
            rows = QuarantinedRows(self, of, Path(folder))
            yield rows
            rows.finish_part()

    def _clear(self, prefix: str) -> None:
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                self.s3.delete_object(Bucket=self.bucket, Key=entry["Key"])

    def keep(self, file: FileVersion, landing_bucket: str) -> None:
        """Copy a whole file version, so that it outlives the landing bucket's; one that is gone cannot be kept."""
        key = f"{FILES}{self.run_id}/{file.slug}"
        source = {"Bucket": landing_bucket, "Key": file.key, **version_argument(file)}
        # Its tags are not ours to read.
        try:
            self.s3.copy(source, self.bucket, key, ExtraArgs={"TaggingDirective": "REPLACE"})  # type: ignore[arg-type]
        except ClientError as problem:
            if problem.response["Error"]["Code"] not in GONE:
                raise


@dataclass
class QuarantinedRows:
    quarantine: Quarantine
    of: str
    folder: Path
    count: int = 0
    _parts: int = 0
    _file: IO[bytes] | None = field(default=None, repr=False)

    def write(self, file: FileVersion, part: str, defect: Defect) -> None:
        line = {
            "run_id": self.quarantine.run_id,
            "source_file": file.key,
            "source_version": file.version,
            "source_part": part,
            "source_line": defect.line,
            "field": defect.field,
            "reason": defect.reason,
            "remedy": defect.remedy,
            "record": defect.record,
        }
        if self._file is None:
            self._file = (self.folder / "rows.jsonl").open("wb")
        self._file.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        self.count += 1
        if self._file.tell() >= _BYTES_PER_PART:
            self.finish_part()

    def finish_part(self) -> None:
        if self._file is None:
            return
        self._file.close()
        key = f"{ROWS}{self.quarantine.run_id}-{self.of}-{self._parts:05d}.jsonl"
        self.quarantine.s3.upload_file(self._file.name, self.quarantine.bucket, key)
        self._file, self._parts = None, self._parts + 1
