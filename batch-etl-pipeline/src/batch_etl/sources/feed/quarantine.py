"""s3://<lake>/quarantine/transactions/dt=<day of the raw file>/<file>.jsonl: one line a record that is not good.

`raw` is the record as JSON, or the text that is none; `retail replay-transactions` sends the former once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from batch_etl.quality.feed import Finding
from batch_etl.sources.feed.objects import RawObject
from batch_etl.sources.feed.raw import Entry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "quarantine/transactions/"


@dataclass(frozen=True)
class Quarantine:
    s3: S3Client
    bucket: str

    def keep(self, source: RawObject, arrived: datetime, bad: Iterable[tuple[Entry, Finding]]) -> str:
        """Write the records of one raw file; its key, which is the same whenever that file is read."""
        key = f"{FOLDER}dt={arrived:%Y-%m-%d}/{source.part.removesuffix('.parquet')}.jsonl"
        lines = "".join(json.dumps(_line(source, entry, finding)) + "\n" for entry, finding in bad)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=lines.encode(), ContentType="application/json")
        return key


def _line(source: RawObject, entry: Entry, finding: Finding) -> dict[str, Any]:
    return {
        "source": str(source), "position": entry.position, "reason": finding.reason, "field": finding.field,
        "remedy": finding.remedy, "is_record": entry.record is not None,
        "raw": entry.text if entry.record is None else json.dumps(entry.record),
    }  # fmt: skip
