"""Which objects an event names, whichever way it came: EventBridge, a notification of S3, or either through SQS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote_plus

from batch_etl.errors import FeedEventRefused

RAW_FOLDER = "transactions/raw/"


@dataclass(frozen=True)
class RawObject:
    """One version of one object; what is overwritten meanwhile is another one."""

    bucket: str
    key: str
    version: str | None = None

    @property
    def identity(self) -> str:
        """Names what is made of it: the same for the same version, however often it is told."""
        return blake2b(f"{self.bucket}/{self.key}?{self.version or ''}".encode(), digest_size=16).hexdigest()

    @property
    def part(self) -> str:
        """File name of its rows, in the folder of each day that they belong to."""
        stem = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in PurePosixPath(self.key).stem)
        return f"{stem[:80]}-{self.identity[:16]}.parquet"

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}" + (f"?versionId={self.version}" if self.version else "")


def objects_of(event: dict[str, Any], landing_bucket: str) -> list[RawObject]:
    """Every object of the event, in its order, each once. Raises FeedEventRefused."""
    found = [one for one in _named(event) if not one.key.endswith("/")]
    for one in found:
        if one.bucket != landing_bucket or not one.key.startswith(RAW_FOLDER):
            raise FeedEventRefused(
                f"{one} is not under s3://{landing_bucket}/{RAW_FOLDER}. Put the file there, or correct the rule that "
                "sends the events."
            )
    return list(dict.fromkeys(found))


def _named(event: Any) -> list[RawObject]:
    match event:
        case {"detail": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)} as stored}}:
            return [RawObject(bucket, key, stored.get("version-id"))]  # EventBridge does not encode keys
        case {"Records": list(records)}:
            return [one for record in records for one in _record(record)]
        case {"Event": "s3:TestEvent"}:
            return []
    raise _unknown(event)


def _record(record: Any) -> list[RawObject]:
    match record:
        case {"s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)} as stored}}:
            return [RawObject(bucket, unquote_plus(key), stored.get("versionId"))]
        case {"eventSource": "aws:sqs", "body": str(body)}:
            try:
                return _named(json.loads(body))
            except ValueError:
                raise _unknown(body) from None
    raise _unknown(record)


def _unknown(event: Any) -> FeedEventRefused:
    return FeedEventRefused(
        f"The event {json.dumps(event, default=str)[:500]} names no object. Send what S3 sends when an object is "
        "created, by EventBridge, as a notification, or through SQS."
    )
