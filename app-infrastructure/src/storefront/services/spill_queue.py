"""The SQS queue that keeps browse events while the stream is down, and outlives this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from streaming_recs.errors import EventRefusedError
from streaming_recs.events import BrowseEvent, parse_event

logger = logging.getLogger(__name__)
_BATCH, _BATCH_BYTES = 10, 200_000  # "SendMessageBatch"


@dataclass(frozen=True)
class Spilled:
    """Some events of the queue, which keeps them until they are deleted."""

    events: Sequence[BrowseEvent]
    receipts: Sequence[str]


class SpillQueue:
    """`sqs` is boto3's client; without a URL the queue takes nothing and is always empty."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs, self._url = sqs, url

    def put(self, events: Sequence[BrowseEvent]) -> list[BrowseEvent]:
        """Keep events; returns those that the queue did not take."""
        if not self._url:
            return list(events)
        left: list[BrowseEvent] = []
        for batch in _batches(events):
            entries = [{"Id": str(n), "MessageBody": event.model_dump_json()} for n, event in enumerate(batch)]
            try:
                answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            except (BotoCoreError, ClientError, OSError) as problem:
                logger.warning("The spill queue does not take events: %s", problem)
                left += batch
                continue
            failed = {int(entry["Id"]) for entry in answer.get("Failed", [])}
            left += [event for n, event in enumerate(batch) if n in failed]
        return left

    def take(self) -> Spilled | None:
        """Some of what waits, kept from other readers for a minute; None when nothing does.

        The queue's own long polling would hold up the events that come meanwhile.
        """
        if not self._url:
            return None
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=_BATCH, WaitTimeSeconds=0)
        messages = answer.get("Messages", [])
        if not messages:
            return None
        return Spilled(list(_readable(messages)), [message["ReceiptHandle"] for message in messages])

    def delete(self, spilled: Spilled) -> None:
        entries = [{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate(spilled.receipts)]
        self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)


def _batches(events: Sequence[BrowseEvent]) -> list[list[BrowseEvent]]:
    batches: list[list[BrowseEvent]] = []
    size = 0
    for event in events:
        length = len(event.model_dump_json())
        if not batches or len(batches[-1]) == _BATCH or size + length > _BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(event)
        size += length
    return batches


def _readable(messages: Sequence[dict[str, Any]]) -> Iterator[BrowseEvent]:
    """The events of messages; one that is none is left out, with its text in the log."""
    for message in messages:
        try:
            yield parse_event(message["Body"])
        except EventRefusedError as problem:
            logger.error("A message of the spill queue is no browse event (%s): %.500s", problem, message["Body"])  # noqa: TRY400
