"""What is in quarantine, once more: records that may be good by now land again, as a new raw file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from batch_etl.sources.feed.landing import Landing
from batch_etl.sources.feed.quarantine import FOLDER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Replayed:
    """One object of the quarantine: where its records went (None: none of its lines is a record), and how many."""

    key: str
    raw_key: str | None
    records: int
    left: int


def replay(s3: S3Client, lake_bucket: str, landing: Landing, prefix: str = "") -> Iterator[Replayed]:
    """Land the records of every object under quarantine/transactions/<prefix>, then remove them from it.

    Lines that are no record stay. What died in between is repeated without harm: the raw file has the same name, and a
    transaction counts once.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=lake_bucket, Prefix=FOLDER + prefix)
    for key in [one["Key"] for page in pages for one in page.get("Contents", [])]:
        body = s3.get_object(Bucket=lake_bucket, Key=key)["Body"].read()
        lines = [json.loads(line) for line in body.splitlines() if line]
        records = [json.loads(line["raw"]) for line in lines if line["is_record"]]
        left = [line for line in lines if not line["is_record"]]
        yield Replayed(key, _land(landing, key, body, records), len(records), len(left))
        if records:
            _leave(s3, lake_bucket, key, left)


def _land(landing: Landing, key: str, body: bytes, records: list[dict[str, Any]]) -> str | None:
    if not records:
        return None
    day = key.removeprefix(FOLDER).partition("/")[0].removeprefix("dt=")
    name = f"replay-{blake2b(key.encode() + body, digest_size=16).hexdigest()}"
    return landing.write(day, name, records)[0]


def _leave(s3: S3Client, bucket: str, key: str, left: list[dict[str, Any]]) -> None:
    if not left:
        s3.delete_object(Bucket=bucket, Key=key)
        return
    body = "".join(json.dumps(line) + "\n" for line in left)
    s3.put_object(Bucket=bucket, Key=key, Body=body.encode(), ContentType="application/json")
