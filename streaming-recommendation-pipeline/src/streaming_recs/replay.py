"""Records that failed, back onto the stream: from our quarantine, Firehose's error output or Lambda's destination.

Every consumer bears an event twice, so a replay that was cut off is simply started again.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from streaming_recs.adapters.event_sink import EventSink
from streaming_recs.adapters.quarantine import raw_records
from streaming_recs.errors import EventRefusedError
from streaming_recs.events import BrowseEvent, parse_event

# Ours, and where event source mappings put what they gave up on.
PREFIXES = ("quarantine/browse_events/", "aws/lambda/")
DONE = "replayed/"


@dataclass(frozen=True)
class Replayed:
    """What a replay came to."""

    objects: int
    sent: int
    refused: dict[str, int]  # reason → records that stay where they are


def replay(s3: Any, bucket: str, sink: EventSink | None, prefixes: tuple[str, ...] = PREFIXES) -> Replayed:
    """Send every record that is an event (now); without a sink only count. What still is none stays, with its reason.

    An object whose records are all sent moves below replayed/; of another one the sent records do, the rest stays.
    """
    objects = sent = 0
    refused: dict[str, int] = {}
    for key in _keys(s3, bucket, prefixes):
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        events, rest = _sorted(raw_records(content), refused)
        objects, sent = objects + 1, sent + len(events)
        if sink is not None and events:
            sink.send(events)
            _settle(s3, bucket, key, content, rest)
    return Replayed(objects, sent, refused)


def _sorted(records: Any, refused: dict[str, int]) -> tuple[list[BrowseEvent], list[dict[str, str]]]:
    events, rest = [], []
    for record in records:
        try:
            events.append(parse_event(record))
        except EventRefusedError as error:
            refused[error.message] = refused.get(error.message, 0) + 1
            rest.append({"raw_base64": base64.b64encode(record).decode(), "reason": error.message})
    return events, rest


def _keys(s3: Any, bucket: str, prefixes: tuple[str, ...]) -> list[str]:
    pages = (
        page
        for prefix in prefixes
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    )
    return [found["Key"] for page in pages for found in page.get("Contents", [])]


def _settle(s3: Any, bucket: str, key: str, content: bytes, rest: list[dict[str, str]]) -> None:
    """The copy comes first, so that no moment is without the records."""
    s3.put_object(Bucket=bucket, Key=DONE + key, Body=content)
    if rest:
        s3.put_object(Bucket=bucket, Key=key, Body="".join(json.dumps(line) + "\n" for line in rest).encode())
    else:
        s3.delete_object(Bucket=bucket, Key=key)
