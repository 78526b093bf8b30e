"""The landing bucket as the feed uses it: every raw file is written once, and read as the version that was told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from batch_etl.errors import FeedObjectMissing
from batch_etl.sources.feed.objects import RAW_FOLDER, RawObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}
_ABSENT = {"NoSuchKey", "NoSuchVersion", "404"}


@dataclass(frozen=True)
class Landing:
    s3: S3Client
    bucket: str

    def write(self, day: str, name: str, transactions: Sequence[dict[str, Any]]) -> tuple[str, bool]:
        """One JSON array, a transaction a line, at transactions/raw/dt=<day>/<name>.json: its key, and if it is new.

        What is there already stays: a call that is repeated finds its own file.
        """
        key = f"{RAW_FOLDER}dt={day}/{name}.json"
        lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in transactions)
        try:
            self.s3.put_object(
                Bucket=self.bucket, Key=key, Body=f"[\n{lines}\n]\n".encode(), ContentType="application/json",
                IfNoneMatch="*",
            )  # fmt: skip
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] not in _TAKEN:
                raise
            return key, False
        return key, True

    def versioned(self, found: RawObject) -> RawObject:
        """The object with the version that is there now, when the event named none. Raises FeedObjectMissing."""
        if found.version:
            return found
        try:
            return replace(found, version=self.s3.head_object(Bucket=found.bucket, Key=found.key).get("VersionId"))
        except ClientError as refusal:
            raise _missing(found, refusal) from refusal

    def read(self, found: RawObject) -> tuple[bytes, datetime]:
        """The bytes of that version, and when it arrived. Raises FeedObjectMissing."""
        version: Any = {"VersionId": found.version} if found.version else {}
        try:
            answer = self.s3.get_object(Bucket=found.bucket, Key=found.key, **version)
        except ClientError as refusal:
            raise _missing(found, refusal) from refusal
        return answer["Body"].read(), answer["LastModified"]


def _missing(found: RawObject, refusal: ClientError) -> Exception:
    if refusal.response["Error"]["Code"] not in _ABSENT:
        return refusal
    return FeedObjectMissing(
        f"{found} was told of and is not there. Put the file there again, or drop the event from the failed ones."
    )
