"""Pages as objects: one line of JSON each, so that Athena reads the folder as a table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from batch_etl.sources.api.walk import Walk

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "api"


@dataclass(frozen=True)
class Landing:
    """<landing bucket>/api/<source>/dt=YYYY-MM-DD/<walk>-<page>.json. A page that is stored again has the same key."""

    s3: S3Client
    bucket: str
    lake_bucket: str
    source: str

    def store(self, walk: Walk, body: bytes, fetched_at: datetime) -> str:
        """Keep the page that `walk` is about to pass; returns its key."""
        key = f"{FOLDER}/{self.source}/{_name(walk)}.json"
        self.s3.put_object(
            Bucket=self.bucket, Key=key, Body=_line(walk, body.decode(), fetched_at), ContentType="application/json"
        )
        return key

    def refuse(self, walk: Walk, body: bytes, fetched_at: datetime, reason: str) -> str:
        """Keep what came in place of a page in the lake's quarantine; returns its address."""
        key = f"quarantine/api_{self.source}/refused/{_name(walk)}.json"
        line = _line(walk, body.decode("utf-8", "replace"), fetched_at, reason=reason)
        self.s3.put_object(Bucket=self.lake_bucket, Key=key, Body=line, ContentType="application/json")
        return f"s3://{self.lake_bucket}/{key}"


def _name(walk: Walk) -> str:
    # The walk's day, not the moment's: a page that is stored again after midnight replaces itself.
    return f"dt={walk.started_at[:10]}/{walk.id}-{walk.number + 1:06d}"


def _line(walk: Walk, body: str, fetched_at: datetime, **more: str) -> bytes:
    moment = fetched_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    content = {
        "url": walk.url, "walk": walk.id, "page": walk.number + 1, "cursor": walk.cursor, "fetched_at": moment, **more,
        "body": body,
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"
