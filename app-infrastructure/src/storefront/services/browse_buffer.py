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
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from streaming_recs.events import BrowseEvent

from storefront.errors import StorefrontError
from storefront.metrics import Metrics
from storefront.services.aws import Parameters
from storefront.services.spill_queue import SpillQueue

logger = logging.getLogger(__name__)
CAPACITY = 10_000  # events in memory; the oldest go first when there are more
_BATCH = 500  # "PutRecords"
_TRIES, _BACKOFF_SECONDS = 3, 0.1
_FLUSH_SECONDS, _DRAIN_SECONDS, _PROBE_SECONDS = 0.5, 5.0, 2.0
_DRAIN_ROUNDS = 20
_NETWORK = (BotoCoreError, ClientError, OSError)


class StreamDownError(StorefrontError):
    """The stream took less than all records; `events` are those left."""

    def __init__(self, message: str, events: Sequence[BrowseEvent]) -> None:
        super().__init__(message, "The events are kept and sent later.")
        self.events = events


class BrowseBuffer:
    """`put` never waits. `kinesis` is boto3's client; without a queue's URL, memory alone keeps events."""

    def __init__(
        self, kinesis: Any, queue: SpillQueue, parameters: Parameters, metrics: Metrics, capacity: int = CAPACITY
    ) -> None:
        self._kinesis, self._queue, self._parameters, self._metrics = kinesis, queue, parameters, metrics
        self._capacity = capacity
        self._waiting: deque[BrowseEvent] = deque()
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._drained_at = self._probed_at = 0.0
        self._failing = False
        self._probe: BrowseEvent | None = None

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
            except StreamDownError as down:
                left = self._queue.put(down.events)
                self._metrics.events.labels("spilled").inc(len(down.events) - len(left))
                self._give_back(left)
                if left:
                    break
        self._metrics.waiting.set(len(self))

    def probe(self) -> None:
        """Ask a stream that was down for one event more, which may have been spilled too, so that drains begin again.

        Reading the queue to find out would count against its messages' receives.
        """
        stream = self._parameters.get("events/stream_name")
        with suppress(*_NETWORK):
            if stream and self._probe is not None and not self._put_records(stream, [self._probe]):
                self._note_answer()

    def drain(self) -> int:
        """Send on what was spilled, by this process or another; returns how many events."""
        recovered = 0
        for _ in range(_DRAIN_ROUNDS):
            spilled = self._queue.take()
            if spilled is None:
                break
            self._send(spilled.events)
            self._queue.delete(spilled)
            recovered += len(spilled.events)
        self._metrics.events.labels("recovered").inc(recovered)
        return recovered

    def _work(self) -> None:
        while not self._stop.wait(_FLUSH_SECONDS):
            self._guarded(self.flush)
            now = time.monotonic()
            if self._failing and now - self._probed_at > _PROBE_SECONDS:
                self._guarded(self.probe)
                self._probed_at = now
            if not self._failing and now - self._drained_at > _DRAIN_SECONDS:
                self._guarded(self.drain)
                self._drained_at = now

    @staticmethod
    def _guarded(work: Callable[[], object]) -> None:
        """The thread outlives whatever goes wrong; the next round tries again."""
        try:
            work()
        except (*_NETWORK, StreamDownError) as problem:
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
            self._metrics.events.labels("dropped").inc()

    def _send(self, events: Sequence[BrowseEvent]) -> None:
        """Raise StreamDownError with the events that the stream did not take after some tries."""
        if not events:
            return
        pending, said = list(events), "there is none yet"
        stream = self._parameters.get("events/stream_name")
        for attempt in range(_TRIES if stream else 0):
            if attempt:
                time.sleep(_BACKOFF_SECONDS * 2**attempt)
            try:
                refused = self._put_records(str(stream), pending)
            except _NETWORK as problem:
                said = str(problem)
                continue
            self._metrics.events.labels("sent").inc(len(pending) - len(refused))
            pending, said = refused, "it takes no more records now"
            if not pending:
                self._note_answer()
                return
        self._note_failure(said, pending[-1])
        raise StreamDownError(f"The stream does not take events: {said}.", pending)

    def _note_answer(self) -> None:
        self._failing, self._probe = False, None
        self._metrics.answered.labels("events").set_to_current_time()

    def _note_failure(self, said: str, left: BrowseEvent) -> None:
        if not self._failing:
            logger.warning("The stream is down: %s", said)
        self._failing, self._probe = True, left
        self._metrics.failed.labels("events").set_to_current_time()

    def _put_records(self, stream: str, events: Sequence[BrowseEvent]) -> list[BrowseEvent]:
        """Returns those that were refused."""
        records = [{"Data": event.model_dump_json().encode(), "PartitionKey": event.partition_key} for event in events]
        answer = self._kinesis.put_records(StreamName=stream, Records=records)
        return [event for event, said in zip(events, answer["Records"], strict=True) if said.get("ErrorCode")]
