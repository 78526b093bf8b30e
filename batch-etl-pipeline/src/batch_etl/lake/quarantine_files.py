"""Rejected records as JSON lines: s3://<lake>/quarantine/<source>/<file's name>.jsonl, one object a source file.

A file that is taken in again writes the same objects again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "quarantine"


@dataclass(frozen=True)
class Rejection:
    """One record: the file that it came in, its place there, and why it cannot be used."""

    file: str
    position: int
    name: str | None
    reason: str
    field: str
    remedy: str


@dataclass(frozen=True)
class QuarantineFiles:
    """The folder of `source`. `record` finds the record itself, by file and position."""

    s3: S3Client
    bucket: str
    source: str

    def keep(self, rejections: Iterable[Rejection], record: Callable[[str], Callable[[int], Any]]) -> int:
        """Write what comes file by file; `record(file)(position)` is the record as it came. Counts them."""
        kept = 0
        for file, found in groupby(rejections, key=lambda rejection: rejection.file):
            as_it_came = record(file)
            lines = [_line(rejection, as_it_came(rejection.position)) for rejection in found]
            self.s3.put_object(Bucket=self.bucket, Key=self.key(file), Body="".join(lines).encode())
            kept += len(lines)
        return kept

    def key(self, file: str) -> str:
        """Named after the file with its day, so that it is found from there."""
        return f"{FOLDER}/{self.source}/{'/'.join(file.split('/')[-2:])}.jsonl"


def _line(rejection: Rejection, record: Any) -> str:
    content = {
        "file": rejection.file, "position": rejection.position, "name": rejection.name, "reason": rejection.reason,
        "field": rejection.field, "remedy": rejection.remedy, "record": record,
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, default=str) + "\n"
