"""Records that are no events, kept as they came with the reason, until somebody replays them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Refused:
    """One record: its bytes as they came, and why they were refused."""

    record_id: str
    raw: bytes
    reason: str
    field: str | None = None


class Quarantine:
    """One object a batch, one JSON line a record: <prefix>dt=YYYY-MM-DD/<batch>.jsonl.

    A batch that is processed again writes the same object again.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def keep(self, batch: str, refused: Iterable[Refused]) -> str:
        """Write the records; returns the object's key."""
        key = f"{self._prefix}dt={datetime.now(UTC):%Y-%m-%d}/{batch}.jsonl"
        lines = "".join(json.dumps(_line(record)) + "\n" for record in refused)
        self._client.put_object(Bucket=self._bucket, Key=key, Body=lines.encode())
        return key


def _line(record: Refused) -> dict[str, Any]:
    return {
        "record_id": record.record_id,
        "reason": record.reason,
        "field": record.field,
        "raw_base64": base64.b64encode(record.raw).decode(),
    }


def raw_records(content: bytes) -> Iterator[bytes]:
    """The records' own bytes in an object of any of the three failure prefixes.

    Ours (raw_base64), Firehose's error output (rawData), and an event source mapping's on-failure destination, whose
    payload is the whole invocation record.
    """
    text = content.decode()
    try:
        documents = [json.loads(text)]
    except ValueError:
        documents = [json.loads(line) for line in text.splitlines() if line.strip()]
    for document in documents:
        if "raw_base64" in document:
            yield base64.b64decode(document["raw_base64"])
        elif "rawData" in document:
            yield base64.b64decode(document["rawData"])
        elif "payload" in document:
            payload = document["payload"]
            batch = json.loads(payload) if isinstance(payload, str) else payload
            for record in batch["Records"]:
                yield base64.b64decode(record["kinesis"]["data"])
