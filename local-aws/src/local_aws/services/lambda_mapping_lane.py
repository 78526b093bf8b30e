"""One reader of one shard for one mapping: gathers a batch, invokes, retries, gives up, remembers how far it is.

A shard with ParallelizationFactor n has n lanes; a partition key always falls into the same one, so its records stay in
order. A shared consumer looks once a second, as Lambda's pollers do; an enhanced fan-out consumer is told at once.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_aws import upstream
from local_aws.context import Context
from local_aws.services import lambda_mapping_destinations as destinations
from local_aws.services.kinesis_log import Reader, Record, StreamLog
from local_aws.services.lambda_invocation import MAX_PAYLOAD_BYTES, NotInvokedError, invoke
from local_aws.services.lambda_mapping_batches import Outcome, Piece, Settings, judge, split_expired
from local_aws.services.lambda_mapping_filters import kinesis_passes, patterns
from local_aws.settings import REGION
from local_aws.wire import Params

log = logging.getLogger("local_aws.lambda.mappings")

POLL_SECONDS = 1.0
IDLE_SECONDS = 30.0
SLOWEST_RETRY_SECONDS = 10.0
RECORD_OVERHEAD_BYTES = 700  # of a record's JSON in the event, besides its data
DESTINATION_ATTEMPTS = 5


@dataclass(frozen=True)
class Desk:
    """What a lane needs from outside: the mapping as it is now, and where to note progress and results."""

    ctx: Context
    log: StreamLog
    mapping: Params
    role: str
    note_place: Callable[[int], None]
    note_result: Callable[[str], None]

    def count(self, metric: str, events: int) -> None:
        """The event source mapping metrics, which MetricsConfig switches on."""
        if events and "EventCount" in (self.mapping.get("MetricsConfig") or {}).get("Metrics", []):
            dimensions = {"EventSourceMappingUUID": self.mapping["UUID"]}
            upstream.record_metric("AWS/Lambda", metric, events, "Count", dimensions)


class Lane:
    """Runs until it is cancelled; what was not noted by then is read again."""

    def __init__(self, desk: Desk, reader: Reader, place: int) -> None:
        self.desk, self.reader, self.place = desk, reader, place
        self.polled = 0
        self.settings = Settings.of(desk.mapping)
        self.filters = patterns(desk.mapping.get("FilterCriteria"))

    async def run(self) -> None:
        while True:
            records = await self._gather()
            self.desk.count("PolledEventCount", self.polled)
            self.desk.count("FilteredOutEventCount", self.polled - len(records))
            self.polled = 0
            if records:
                await self._process(Piece(tuple(records)))
            else:
                self.desk.note_place(self.place)

    # --- gather ---

    async def _gather(self) -> list[Record]:
        """A batch: full, or 6 MB, or as much as came within the batching window. Empty when all were filtered out."""
        found: list[Record] = []
        size, deadline = 0, 0.0
        while True:
            looked_until = self.desk.log.last_place()
            rows = self.desk.log.read(self.reader, self.place, self.settings.batch_size)
            for row in rows:
                weight = len(row.data) * 4 // 3 + RECORD_OVERHEAD_BYTES
                if len(found) == self.settings.batch_size or (found and size + weight > MAX_PAYLOAD_BYTES):
                    return found
                self.place = row.place
                self.polled += 1
                if kinesis_passes(self.filters, row.partition_key, row.data):
                    deadline = deadline or time.monotonic() + self.settings.window_seconds
                    found.append(row)
                    size += weight
            if len(rows) < self.settings.batch_size:  # all there is: other lanes' records need no second look
                self.place = max(self.place, looked_until)
            left = deadline - time.monotonic()
            if len(found) == self.settings.batch_size or (found and left <= 0) or (rows and not found):
                return found
            await self._wait(left if found else IDLE_SECONDS)

    async def _wait(self, seconds: float) -> None:
        if self.desk.mapping["Consumer"]:
            await self.desk.log.arrival(self.reader.stream, seconds)
        else:
            await asyncio.sleep(min(seconds, POLL_SECONDS))

    # --- process ---

    async def _process(self, whole: Piece) -> None:
        """All of a batch, in order, one piece after the other."""
        waiting = [whole]
        failures = 0
        while waiting:
            old, piece = split_expired(waiting.pop(0), self.settings, time.time())
            if old:
                await self._discard(old, None, "RecordAgeExceeded")
            if piece is None:
                continue
            try:
                outcome = await self._invoke(piece)
            except NotInvokedError as error:
                self.desk.note_result(f"PROBLEM: {error}")
                failures += 1
                waiting.insert(0, piece)
                await self._pause(failures)
                continue
            again = await self._conclude(piece, outcome)
            retried = bool(again) and len(again) == 1 and again[0].retries > piece.retries
            failures = failures + 1 if retried else 0
            waiting[:0] = again
            if retried:
                await self._pause(failures)

    async def _conclude(self, piece: Piece, outcome: Outcome) -> list[Piece]:
        """Note what is done and what is given up; returns what is to be invoked again."""
        verdict = judge(outcome, piece, self.settings)
        self.desk.count("InvokedEventCount", len(piece.records))
        self.desk.count("FailedInvokeEventCount", len(piece.records) if outcome.function_error else 0)
        self.desk.note_result("OK" if not outcome.function_error else "PROBLEM: Function call failed")
        if verdict.done:
            self.desk.note_place(piece.records[verdict.done - 1].place)
        if verdict.discarded:
            await self._discard(verdict.discarded, outcome, "RetryAttemptsExhausted")
        return list(verdict.again)

    async def _invoke(self, piece: Piece) -> Outcome:
        answer = await invoke(self.desk.ctx, self.desk.mapping["FunctionArn"], self._event(piece))
        name = self.desk.mapping["FunctionArn"].split(":function:")[1].split(":")[0]
        age = (time.time() - piece.records[-1].arrived) * 1000
        upstream.record_metric("AWS/Lambda", "IteratorAge", age, "Milliseconds", {"FunctionName": name})
        return Outcome(answer.payload, answer.function_error, answer.version)

    @staticmethod
    async def _pause(failures: int) -> None:
        await asyncio.sleep(min(0.1 * 2**failures, SLOWEST_RETRY_SECONDS))

    async def _discard(self, piece: Piece, outcome: Outcome | None, condition: str) -> None:
        """To the on-failure destination, whole; what cannot be delivered is named in the log."""
        mapping, shard = self.desk.mapping, self.reader.shard
        record = destinations.invocation_record(mapping, shard, piece, outcome=outcome, condition=condition)
        self.desk.count("DroppedEventCount", len(piece.records))
        for attempt in range(1, DESTINATION_ATTEMPTS + 1):
            try:
                event = self._event(piece)
                if await asyncio.to_thread(destinations.send, self.desk.ctx, mapping, shard, record, event):
                    self.desk.count("OnFailureDestinationDeliveredEventCount", len(piece.records))
                break
            except Exception:
                log.exception("%s: a discarded batch could not be delivered (attempt %d)", mapping["UUID"], attempt)
                await self._pause(attempt)
        self.desk.note_place(piece.records[-1].place)

    def _event(self, piece: Piece) -> str:
        return json.dumps({"Records": [self._event_record(record) for record in piece.records]})

    def _event_record(self, record: Record) -> dict[str, Any]:
        """As in the example event of "Using Lambda to process records from Amazon Kinesis Data Streams"."""
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.partition_key,
                "sequenceNumber": record.sequence_number,
                "data": base64.b64encode(record.data).decode(),
                "approximateArrivalTimestamp": round(record.arrived, 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{self.reader.shard}:{record.sequence_number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self.desk.role,
            "awsRegion": REGION,
            "eventSourceARN": self.desk.mapping["EventSourceArn"],
        }
