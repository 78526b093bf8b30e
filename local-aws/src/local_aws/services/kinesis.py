"""Kinesis Data Streams: records that are on disk before they are acknowledged.

Streams, shards, consumers and tags stay with the emulator behind.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any, ClassVar

from local_aws.context import Context
from local_aws.internal_call import call_upstream
from local_aws.services.base import Service, action
from local_aws.services.kinesis_log import Entry, Reader, Record, place_of, sequence_number
from local_aws.services.kinesis_streams import Stream, stream_name, streams_of
from local_aws.wire import AwsError, AwsRequest, Params

log = logging.getLogger("local_aws.kinesis")

MAX_RECORD_BYTES = 1 << 20
MAX_REQUEST_BYTES = 10 << 20
MAX_REQUEST_RECORDS = 500
MAX_KEY_CHARACTERS = 256
MAX_READ_RECORDS = 10_000
MAX_READ_BYTES = 10 << 20
ITERATOR_SECONDS = 300
ON_DEMAND_SHARDS = 4  # a new on-demand stream takes 4 MB/s
EXPIRE_SECONDS = 60


class KinesisService(Service):
    """Put, iterate, get; and what makes a stream's shards change."""

    name: ClassVar[str] = "kinesis"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.streams = streams_of(ctx)
        self._retention: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._retention = asyncio.create_task(self._keep_retention())

    async def stop(self) -> None:
        if self._retention is not None:
            self._retention.cancel()

    async def _stream(self, params: Params) -> Stream:
        name = params.get("StreamName") or stream_name(params.get("StreamARN") or "")
        if not name:
            raise AwsError("InvalidArgumentException", "Either StreamName or StreamARN is required.")
        return await self.streams.get(name)

    # --- put ---

    @action("PutRecord")
    async def put_record(self, request: AwsRequest) -> Params:
        stream = await self._stream(request.params)
        written = self._append(stream, [request.params])[0]
        return written | {"EncryptionType": stream.encryption}

    @action("PutRecords")
    async def put_records(self, request: AwsRequest) -> Params:
        records = request.params["Records"]
        if not 1 <= len(records) <= MAX_REQUEST_RECORDS:
            raise _invalid("records", f"have length less than or equal to {MAX_REQUEST_RECORDS}")
        stream = await self._stream(request.params)
        if sum(len(record["Data"]) + len(record["PartitionKey"]) for record in records) > MAX_REQUEST_BYTES:
            raise AwsError("InvalidArgumentException", "Records size exceeds 10 MB limit")
        written = self._append(stream, records)
        return {"FailedRecordCount": 0, "Records": written, "EncryptionType": stream.encryption}

    def _append(self, stream: Stream, records: list[Params]) -> list[Params]:
        if stream.status not in ("ACTIVE", "UPDATING"):
            raise AwsError("ResourceNotFoundException", f"Stream {stream.name} is {stream.status}, not ACTIVE.")
        entries = [_entry(stream, record) for record in records]
        places = self.streams.log.append(stream.name, entries)
        return [
            {"ShardId": entry.shard, "SequenceNumber": sequence_number(place)}
            for entry, place in zip(entries, places, strict=True)
        ]

    # --- get ---

    @action("GetShardIterator")
    async def get_shard_iterator(self, request: AwsRequest) -> Params:
        params = request.params
        stream = await self._stream(params)
        shard = params["ShardId"]
        if shard not in {known.id for known in await self.streams.readable_shards(stream.name)}:
            message = f"Shard {shard} in stream {stream.name} under account does not exist"
            raise AwsError("ResourceNotFoundException", message)
        return {"ShardIterator": _iterator(stream.name, shard, self._start(stream.name, params))}

    def _start(self, stream: str, params: Params) -> int:
        """The place that the first record comes after."""
        kind, number = params["ShardIteratorType"], params.get("StartingSequenceNumber")
        if kind == "TRIM_HORIZON":
            return 0
        if kind == "LATEST":
            return self.streams.log.last_place()
        if kind == "AT_TIMESTAMP":
            if params.get("Timestamp") is None:
                raise AwsError("InvalidArgumentException", "Must specify timestampInMillis parameter for AT_TIMESTAMP.")
            return self.streams.log.place_before(stream, seconds_of(params["Timestamp"]))
        try:
            place = place_of(number or "")
        except ValueError as error:
            raise AwsError("InvalidArgumentException", f"StartingSequenceNumber is invalid: {error}") from None
        return place - 1 if kind == "AT_SEQUENCE_NUMBER" else place

    @action("GetRecords")
    async def get_records(self, request: AwsRequest) -> Params:
        name, shard, after = _read_iterator(request.params["ShardIterator"])
        stream = await self.streams.get(name)
        limit = min(request.params.get("Limit") or MAX_READ_RECORDS, MAX_READ_RECORDS)
        reader = Reader(name, shard)
        records: list[Record] = []
        size = 0
        for record in self.streams.log.read(reader, after, limit):
            size += len(record.data)
            if size > MAX_READ_BYTES and records:
                break
            records.append(record)
        after = records[-1].place if records else after
        unread = self.streams.log.oldest_after(reader, after)
        return {
            "Records": [
                {
                    "SequenceNumber": record.sequence_number,
                    "ApproximateArrivalTimestamp": datetime.fromtimestamp(record.arrived, UTC),
                    "Data": record.data,
                    "PartitionKey": record.partition_key,
                    "EncryptionType": stream.encryption,
                }
                for record in records
            ],
            "NextShardIterator": _iterator(name, shard, after),
            "MillisBehindLatest": 0 if unread is None else max(int((time.time() - unread) * 1000), 0),
        }

    @action("SubscribeToShard")
    async def subscribe_to_shard(self, request: AwsRequest) -> Params:
        raise AwsError(
            "InvalidArgumentException",
            "Local AWS pushes records of an enhanced fan-out consumer to Lambda only: give the consumer's ARN to an "
            "event source mapping, or read with GetRecords.",
        )

    # --- shards change ---

    @action("CreateStream", "DeleteStream", "SplitShard", "MergeShards", "UpdateShardCount", "UpdateStreamMode",
            "IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod", "StartStreamEncryption",
            "StopStreamEncryption")  # fmt: skip
    async def change(self, request: AwsRequest) -> Params:
        params = request.params
        name = params.get("StreamName") or stream_name(params.get("StreamARN") or "")
        if request.action == "CreateStream" and params.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND":
            params = {key: value for key, value in params.items() if key != "ShardCount"} | {
                "ShardCount": ON_DEMAND_SHARDS
            }
        result = await self.ctx.upstream(request, params)
        self.streams.forget(name)
        if request.action == "CreateStream" and params.get("Tags"):
            await call_upstream(self.ctx, "kinesis", "AddTagsToStream", StreamName=name, Tags=params["Tags"])
        if request.action == "DeleteStream":
            self.streams.log.forget(name)
        return result

    async def _keep_retention(self) -> None:
        """Records older than their stream's retention go; so do those of streams that are gone."""
        while True:
            for name in self.streams.log.streams():
                try:
                    hours = (await self.streams.get(name)).retention_hours
                    self.streams.log.expire(name, time.time() - hours * 3600)
                except AwsError as error:
                    if error.code == "ResourceNotFoundException":
                        self.streams.log.forget(name)
                except Exception:
                    log.exception("the retention of %s could not be kept", name)
            await asyncio.sleep(EXPIRE_SECONDS)


def _entry(stream: Stream, record: Params) -> Entry:
    key, data = record["PartitionKey"], record["Data"]
    if not 1 <= len(key) <= MAX_KEY_CHARACTERS:
        raise _invalid("partitionKey", f"have length less than or equal to {MAX_KEY_CHARACTERS}")
    if len(data) > MAX_RECORD_BYTES:
        raise _invalid("data", f"have length less than or equal to {MAX_RECORD_BYTES}")
    raw = data if isinstance(data, bytes) else base64.b64decode(data)
    return Entry(stream.shard_for(key, record.get("ExplicitHashKey")), key, raw)


def _invalid(field: str, constraint: str) -> AwsError:
    message = f"1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must {constraint}"
    return AwsError("ValidationException", message)


def _iterator(stream: str, shard: str, after: int) -> str:
    token = {"stream": stream, "shard": shard, "after": after, "made": time.time()}
    return base64.urlsafe_b64encode(json.dumps(token).encode()).decode()


def _read_iterator(token: str) -> tuple[str, str, int]:
    try:
        read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token))
        made, found = read["made"], (read["stream"], read["shard"], read["after"])
    except (ValueError, KeyError, TypeError):
        raise AwsError("InvalidArgumentException", "Invalid ShardIterator.") from None
    if time.time() - made > ITERATOR_SECONDS:
        raise AwsError("ExpiredIteratorException", "Iterator expired. Get a new one with GetShardIterator.")
    return found


def seconds_of(moment: Any) -> float:
    """Seconds since the epoch of a timestamp as the wire gives it."""
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return float(moment)
