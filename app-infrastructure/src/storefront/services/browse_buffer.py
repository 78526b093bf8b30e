"""Browse events on their way to Kinesis: a page only puts them into memory, a thread does the rest.

While the stream is down they wait in an SQS queue, which outlives this process; later they go on from there.
A record may arrive twice; readers tell it by its event_id.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from streaming_recs.errors import EventRefusedError
from streaming_recs.events import BrowseEvent, parse_event

from storefront.errors import StorefrontError
from storefront.services.aws import Parameters

logger = logging.getLogger(__name__)
CAPACITY = 10_000  # events in memory; the oldest go first when there are more
_BATCH, _SPILL_BATCH, _SPILL_BYTES = 500, 10, 200_000  # "PutRecords", "SendMessageBatch"
_TRIES, _BACKOFF_SECONDS = 3, 0.1
_FLUSH_SECONDS, _DRAIN_SECONDS = 0.5, 5.0
_DRAIN_ROUNDS = 20


class StreamDownError(StorefrontError):
    """The stream took less than all records; `events` are those left."""

    def __init__(self, message: str, events: Sequence[BrowseEvent]) -> None:
        super().__init__(message, "The events are kept and sent later.")
        self.events = events


@dataclass
class Counts:
    """What became of events since the process began."""

    sent: int = 0
    spilled: int = 0
    recovered: int = 0
    dropped: int = 0


class BrowseBuffer:
    """`put` never waits. `kinesis` and `sqs` are boto3's clients; without a queue, memory alone keeps events."""

    def __init__(
        self, kinesis: Any, sqs: Any, parameters: Parameters, queue_url: str = "", capacity: int = CAPACITY
    ) -> None:
        self._kinesis, self._sqs, self._parameters, self._queue_url = kinesis, sqs, parameters, queue_url
        self._capacity = capacity
        self._waiting: deque[BrowseEvent] = deque()
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._drained_at = 0.0
        self.counts = Counts()
        self.last_failure: str | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: BrowseEvent) -> None:
        with self._guard:
            self._waiting.append(event)
            self._shed()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, daemon=True, name="browse-events")
        self._thread.start()

    def stop(self) -> None:
        """Send what waits, or spill it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(20)
        self.flush()
        if self._waiting:
            logger.error("%d browse events were lost: neither the stream nor a queue took them.", len(self._waiting))

    def flush(self) -> None:
        """Send all that waits now; what the stream does not take is spilled, or stays."""
        while events := self._take():
            try:
                self._send(events)
                self.last_failure = None
            except StreamDownError as down:
                if self.last_failure is None:
                    logger.warning("The stream is down: %s", down.message)
                self.last_failure = down.message
                left = self._spill(down.events)
                self._give_back(left)
                if left:
                    return

    def drain(self) -> int:
        """Send on what was spilled, by this process or another; returns how many events."""
        recovered = 0
        for _ in range(_DRAIN_ROUNDS if self._queue_url else 0):
            answer = self._sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=_SPILL_BATCH)
            messages = answer.get("Messages", [])
            if not messages:
                break
            events = list(_readable(messages))
            self._send(events)
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
            recovered += len(events)
        self.counts.recovered += recovered
        return recovered

    def _work(self) -> None:
        while not self._stop.wait(_FLUSH_SECONDS):
            self._guarded(self.flush)
            if self.last_failure is None and time.monotonic() - self._drained_at > _DRAIN_SECONDS:
                self._drained_at = time.monotonic()
                self._guarded(self.drain)

    @staticmethod
    def _guarded(work: Callable[[], object]) -> None:
        """The thread outlives whatever goes wrong; the next round tries again."""
        try:
            work()
        except (BotoCoreError, ClientError, OSError, StreamDownError) as problem:
            logger.warning("Browse events wait: %s", problem)
        except Exception:
            logger.exception("Browse events wait.")

    def _take(self) -> list[BrowseEvent]:
        with self._guard:
            return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def _give_back(self, events: Sequence[BrowseEvent]) -> None:
        with self._guard:
            self._waiting.extendleft(reversed(events))
            self._shed()

    def _shed(self) -> None:
        while len(self._waiting) > self._capacity:
            self._waiting.popleft()
            self.counts.dropped += 1

    def _send(self, events: Sequence[BrowseEvent]) -> None:
        """Raise StreamDownError with the events that the stream did not take after some tries."""
        pending = list(events)
        stream = self._parameters.get("events/stream_name")
        if not stream:
            raise StreamDownError("There is no stream yet.", pending)
        said = ""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_BACKOFF_SECONDS * 2**attempt)
            try:
                refused = self._put_records(stream, pending)
            except (BotoCoreError, ClientError, OSError) as problem:
                said = str(problem)
                continue
            self.counts.sent += len(pending) - len(refused)
            pending, said = refused, "it takes no more records now"
            if not pending:
                return
        raise StreamDownError(f"Stream {stream} does not take events: {said}.", pending)

    def _put_records(self, stream: str, events: Sequence[BrowseEvent]) -> list[BrowseEvent]:
        if not events:
            return []
        records = [{"Data": event.model_dump_json().encode(), "PartitionKey": event.partition_key} for event in events]
        answer = self._kinesis.put_records(StreamName=stream, Records=records)
        return [event for event, said in zip(events, answer["Records"], strict=True) if said.get("ErrorCode")]

    def _spill(self, events: Sequence[BrowseEvent]) -> list[BrowseEvent]:
        """Put events into the queue; returns those that it did not take either."""
        if not self._queue_url:
            return list(events)
        left: list[BrowseEvent] = []
        for batch in _spill_batches(events):
            entries = [{"Id": str(n), "MessageBody": event.model_dump_json()} for n, event in enumerate(batch)]
            try:
                answer = self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            except (BotoCoreError, ClientError, OSError) as problem:
                logger.warning("The spill queue does not take events: %s", problem)
                left += batch
                continue
            failed = {int(entry["Id"]) for entry in answer.get("Failed", [])}
            left += [event for n, event in enumerate(batch) if n in failed]
        self.counts.spilled += len(events) - len(left)
        return left


def _spill_batches(events: Sequence[BrowseEvent]) -> list[list[BrowseEvent]]:
    batches: list[list[BrowseEvent]] = []
    size = 0
    for event in events:
        length = len(event.model_dump_json())
        if not batches or len(batches[-1]) == _SPILL_BATCH or size + length > _SPILL_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(event)
        size += length
    return batches


def _readable(messages: Sequence[dict[str, Any]]) -> list[BrowseEvent]:
    """The events of messages; one that is none is left out, with its text in the log."""
    events = []
    for message in messages:
        try:
            events.append(parse_event(message["Body"]))
        except EventRefusedError as problem:
            logger.error("A message of the spill queue is no browse event (%s): %.500s", problem, message["Body"])  # noqa: TRY400
    return events
