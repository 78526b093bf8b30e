"""The work of one delivery stream: read its source, transform, deliver. Three loops over the buffer's stages.

A stage is due when it holds its size hint or its oldest record has waited its interval.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any

from local_aws import upstream
from local_aws.context import Context
from local_aws.services.firehose_buffer import BACKUP, FAILED, RAW, READY, Item, batches, buffer_of
from local_aws.services.firehose_delivery import DeliveryError, Writer
from local_aws.services.firehose_transform import Transformation, failure_line, transform
from local_aws.services.kinesis_log import Reader, Record
from local_aws.services.kinesis_streams import stream_name, streams_of
from local_aws.wire import AwsError, Params

log = logging.getLogger("local_aws.firehose")

TICK_SECONDS = 0.2
READ_RECORDS = 2000
# Batches that the function is invoked with side by side: as for the shards of an on-demand stream, but one processor
# stays free, since here the functions that people wait for have none of their own.
AT_ONCE = min(4, max(1, (os.cpu_count() or 2) - 1))
TAKEN = 4 * AT_ONCE  # batches of a turn: while one is stored, the function has the next
SLOWEST_RETRY_SECONDS = 30.0


class Worker:
    """`stream` gives the description as it is now: an update is felt at the next turn of a loop."""

    def __init__(self, ctx: Context, name: str, stream: Callable[[], Params]) -> None:
        self.ctx, self.name, self._stream = ctx, name, stream
        self.buffer = buffer_of(ctx)
        self.streams = streams_of(ctx)
        self._invoking = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        await asyncio.gather(self._loop(self._read), self._loop(self._transform), self._loop(self._deliver))

    async def _loop(self, turn: Callable[[], Coroutine[Any, Any, bool]]) -> None:
        """A turn says whether there may be more to do at once."""
        failures = 0
        while True:
            try:
                busy = await turn()
                failures = 0
            except DeliveryError as error:
                failures, busy = failures + 1, False
                await asyncio.to_thread(self._writer().report, error.code, str(error))
            except AwsError as error:
                failures, busy = failures + 1, False
                log.warning("%s: %s", self.name, error)
            except Exception:
                failures, busy = failures + 1, False
                log.exception("%s: a turn failed; it is tried again", self.name)
            if not busy:
                await asyncio.sleep(min(TICK_SECONDS * 2**failures, SLOWEST_RETRY_SECONDS))

    def _writer(self) -> Writer:
        stream = self._stream()
        return Writer(self.ctx, stream, stream["Destination"])

    # --- in ---

    def accept(self, items: list[Item], offset: tuple[str, int] | None = None) -> None:
        """Records into the first stage, and into the backup when there is one, in one transaction."""
        config = self._stream()["Destination"]
        added = [(_first_stage(config), item) for item in items]
        if config["S3BackupMode"] == "Enabled":
            added += [(BACKUP, item) for item in items]
        self.buffer.change(self.name, add=added, offset=offset)
        dimensions = {"DeliveryStreamName": self.name}
        upstream.record_metric("AWS/Firehose", "IncomingRecords", len(items), "Count", dimensions)

    async def _read(self) -> bool:
        """A Kinesis source: what is new in every shard."""
        source = self._stream().get("Source", {}).get("KinesisStreamSourceDescription")
        if source is None:
            return False
        name, busy = stream_name(source["KinesisStreamARN"]), False
        for shard in await self.streams.readable_shards(name):
            place = self.buffer.offset(self.name, shard.id)
            after = self._stream()["From"] if place is None else place
            records = self.streams.log.read(Reader(name, shard.id), after, READ_RECORDS)
            if records:
                items = [_item(shard.id, record) for record in records]
                self.accept(items, (shard.id, records[-1].place))
            busy = busy or len(records) == READ_RECORDS
        return busy

    # --- transform ---

    async def _transform(self) -> bool:
        stream = self._stream()
        how = Transformation.of(stream["Destination"])
        if how is None:
            return self._pass_on()
        if not self._is_due(RAW, how.buffer_bytes, how.interval_seconds):
            return False
        items = self.buffer.take(self.name, RAW, TAKEN * how.buffer_bytes)
        async with asyncio.TaskGroup() as side_by_side:  # when one cannot be stored, none is left running
            for batch in batches(items, how.buffer_bytes):
                side_by_side.create_task(self._transform_batch(stream, how, batch))
        return True

    async def _transform_batch(self, stream: Params, how: Transformation, items: list[Item]) -> None:
        async with self._invoking:
            result = await transform(self.ctx, stream, how, items)
        await asyncio.sleep(0)  # the next batch goes out before this one is stored
        delimiter = _delimiter(stream["Destination"])
        added = [(READY, Item(item.data + delimiter, item.arrived, item.info)) for item in result.done]
        for item, failure in result.failed:
            line = failure_line(item, failure, how.function_arn)
            added.append((FAILED, Item(line, item.arrived, {"kind": "processing-failed"})))
        self.buffer.change(self.name, add=added, remove=items)
        if result.failed:
            reason = result.failed[0][1]
            await asyncio.to_thread(self._writer().report, reason.code, reason.message)

    def _pass_on(self) -> bool:
        """Without a function: append the delimiter; so does what waited for a function that was taken away."""
        items = self.buffer.take(self.name, RAW, 1 << 20)
        if items:
            delimiter = _delimiter(self._stream()["Destination"])
            ready = [(READY, Item(item.data + delimiter, item.arrived, item.info)) for item in items]
            self.buffer.change(self.name, add=ready, remove=items)
        return bool(items)

    # --- out ---

    async def _deliver(self) -> bool:
        stream = self._stream()
        config = stream["Destination"]
        delivered = [await self._deliver_stage(stage, Writer(self.ctx, stream, config)) for stage in (READY, FAILED)]
        backup = config.get("S3BackupDescription")
        if backup:
            delivered.append(await self._deliver_stage(BACKUP, Writer(self.ctx, stream, backup)))
        return any(delivered)

    async def _deliver_stage(self, stage: str, writer: Writer) -> bool:
        hints = writer.config["BufferingHints"]
        size = int(hints.get("SizeInMBs", 5)) << 20
        if not self._is_due(stage, size, float(hints.get("IntervalInSeconds", 300))):
            return False
        items = self.buffer.take(self.name, stage, size)
        if stage == FAILED:
            await asyncio.to_thread(writer.deliver_errors, items)
            self.buffer.change(self.name, remove=items)
            return True
        bad = await asyncio.to_thread(writer.deliver, items)
        self.buffer.change(self.name, add=[(FAILED, item) for item in bad], remove=items)
        if stage == READY:
            writer.measure(items)
        return True

    def _is_due(self, stage: str, size: int, seconds: float) -> bool:
        fill = self.buffer.fill(self.name, stage)
        return fill is not None and (fill.bytes >= size or time.time() - fill.oldest >= seconds)


def _first_stage(config: Params) -> str:
    return RAW if Transformation.of(config) or _delimiter(config) else READY


def _delimiter(config: Params) -> bytes:
    """What AppendDelimiterToRecord appends; a new line without its parameter."""
    processing = config["ProcessingConfiguration"]
    for processor in processing.get("Processors") or [] if processing.get("Enabled") else []:
        if processor["Type"] == "AppendDelimiterToRecord":
            values = [p["ParameterValue"] for p in processor.get("Parameters") or []]
            return (values[0] if values else "\\n").encode().decode("unicode_escape").encode()
    return b""


def _item(shard: str, record: Record) -> Item:
    metadata = {
        "sequenceNumber": record.sequence_number,
        "subsequenceNumber": "",
        "partitionKey": record.partition_key,
        "shardId": shard,
        "approximateArrivalTimestamp": int(record.arrived * 1000),
    }
    return Item(record.data, record.arrived, {"kinesis": metadata})
