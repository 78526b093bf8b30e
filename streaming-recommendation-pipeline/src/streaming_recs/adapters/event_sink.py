"""The stream retail-events as a writer sees it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from streaming_recs.errors import RecommendationError
from streaming_recs.events import BrowseEvent

_RECORDS, _BYTES, _TRIES = 500, 4_500_000, 6  # "PutRecords": 500 records and 5 MB a call


class StreamRefusedError(RecommendationError):
    """The stream did not take records although they were sent again and again."""


class EventSink:
    """Puts events on a Kinesis stream, each shopper's in order."""

    def __init__(self, client: Any, stream: str) -> None:
        self._client, self._stream = client, stream

    def send(self, events: Iterable[BrowseEvent]) -> int:
        """Send events; returns how many. Records that the stream throttles are sent again."""
        return self.send_raw((event.model_dump_json().encode(), event.partition_key) for event in events)

    def send_raw(self, records: Iterable[tuple[bytes, str]]) -> int:
        """Send (data, partition key) pairs."""
        sent = 0
        for batch in _batches(records):
            self._put(batch)
            sent += len(batch)
        return sent

    def _put(self, batch: list[dict[str, Any]]) -> None:
        pending = batch
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(0.05 * 2**attempt)
            answer = self._client.put_records(StreamName=self._stream, Records=pending)
            pending = [
                record for record, result in zip(pending, answer["Records"], strict=True) if result.get("ErrorCode")
            ]
            if not pending:
                return
        raise StreamRefusedError(
            f"Stream {self._stream} did not take {len(pending)} records in {_TRIES} tries.", "Send more slowly."
        )


def _batches(records: Iterable[tuple[bytes, str]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    size = 0
    for data, key in records:
        if batch and (len(batch) == _RECORDS or size + len(data) + len(key) > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append({"Data": data, "PartitionKey": key})
        size += len(data) + len(key)
    if batch:
        yield batch
