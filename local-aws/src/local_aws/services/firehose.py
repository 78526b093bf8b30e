"""Firehose: delivery streams from puts or a Kinesis stream to S3, with a transformation, Parquet and a backup."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from datetime import UTC, datetime
from typing import ClassVar

from local_aws.context import Context
from local_aws.services import firehose_records as records
from local_aws.services.base import Service, action
from local_aws.services.firehose_buffer import Item, buffer_of
from local_aws.services.firehose_worker import Worker
from local_aws.services.kinesis_streams import stream_name, streams_of
from local_aws.wire import AwsError, AwsRequest, Params

MAX_RECORD_BYTES = 1000 << 10
MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 4 << 20
SETTLE_SECONDS = 0.5


class FirehoseService(Service):
    """The API; a worker for each stream does the rest."""

    name: ClassVar[str] = "firehose"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.table = ctx.table("firehose.streams")
        self._workers: dict[str, tuple[Worker, asyncio.Task[None]]] = {}
        self._settling: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        for name, stream in list(self.table.items()):
            if stream["DeliveryStreamStatus"] == "CREATING":
                self.table.update_fields(name, DeliveryStreamStatus="ACTIVE")
            self._work(name)

    async def stop(self) -> None:
        for name in list(self._workers):
            await self._end(name)

    def _work(self, name: str) -> Worker:
        worker = Worker(self.ctx, name, lambda: self.table[name])
        self._workers[name] = (worker, asyncio.create_task(worker.run(), name=f"firehose {name}"))
        return worker

    async def _end(self, name: str) -> None:
        _, task = self._workers.pop(name)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def _get(self, name: str) -> Params:
        try:
            return self.table[name]
        except KeyError:
            raise records.not_found(name) from None

    # --- streams ---

    @action("CreateDeliveryStream")
    async def create(self, request: AwsRequest) -> Params:
        params = request.params
        name = params["DeliveryStreamName"]
        stream = records.new_stream(params, datetime.now(UTC))
        if name in self.table:
            raise AwsError("ResourceInUseException", f"Firehose {name} under accountId already exists")
        if source := stream.get("Source"):
            kinesis = streams_of(self.ctx)
            await kinesis.get(stream_name(source["KinesisStreamSourceDescription"]["KinesisStreamARN"]))
            stream["From"] = kinesis.log.last_place()
        self.table[name] = stream
        self._work(name)
        task = asyncio.create_task(self._settle(name))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        return {"DeliveryStreamARN": stream["DeliveryStreamARN"]}

    async def _settle(self, name: str) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        if name in self.table:
            self.table.update_fields(name, DeliveryStreamStatus="ACTIVE")

    @action("DescribeDeliveryStream")
    async def describe(self, request: AwsRequest) -> Params:
        return {"DeliveryStreamDescription": records.public(self._get(request.params["DeliveryStreamName"]))}

    @action("ListDeliveryStreams")
    async def list_all(self, request: AwsRequest) -> Params:
        params = request.params
        after, kind = params.get("ExclusiveStartDeliveryStreamName") or "", params.get("DeliveryStreamType")
        streams = sorted(self.table.items())
        names = [name for name, stream in streams if name > after and kind in (None, stream["DeliveryStreamType"])]
        limit = params.get("Limit") or 10
        return {"DeliveryStreamNames": names[:limit], "HasMoreDeliveryStreams": len(names) > limit}

    @action("DeleteDeliveryStream")
    async def delete(self, request: AwsRequest) -> Params:
        name = request.params["DeliveryStreamName"]
        self._get(name)
        await self._end(name)
        del self.table[name]
        buffer_of(self.ctx).forget(name)
        return {}

    @action("UpdateDestination")
    async def update(self, request: AwsRequest) -> Params:
        name = request.params["DeliveryStreamName"]
        self.table[name] = records.updated(self._get(name), request.params, datetime.now(UTC))
        return {}

    # --- records ---

    @action("PutRecord")
    async def put_record(self, request: AwsRequest) -> Params:
        encrypted = self._put(request.params["DeliveryStreamName"], [request.params["Record"]])
        return {"RecordId": _record_id(), "Encrypted": encrypted}

    @action("PutRecordBatch")
    async def put_record_batch(self, request: AwsRequest) -> Params:
        given = request.params["Records"]
        if not 1 <= len(given) <= MAX_BATCH_RECORDS:
            raise records.invalid(f"A batch holds 1 to {MAX_BATCH_RECORDS} records.")
        encrypted = self._put(request.params["DeliveryStreamName"], given)
        responses = [{"RecordId": _record_id()} for _ in given]
        return {"FailedPutCount": 0, "Encrypted": encrypted, "RequestResponses": responses}

    def _put(self, name: str, given: list[Params]) -> bool:
        stream = self._get(name)
        if stream["DeliveryStreamType"] != "DirectPut":
            raise records.invalid(
                "This operation is not permitted on KinesisStreamAsSource delivery stream type: "
                "put to its Kinesis stream."
            )
        datas = [bytes(record["Data"]) for record in given]
        if any(len(data) > MAX_RECORD_BYTES for data in datas) or sum(map(len, datas)) > MAX_BATCH_BYTES:
            raise records.invalid("A record holds at most 1,000 KiB, a batch 4 MiB.")
        now = time.time()
        self._workers[name][0].accept([Item(data, now) for data in datas])
        return bool(stream["DeliveryStreamEncryptionConfiguration"]["Status"] == "ENABLED")

    # --- encryption and tags: recorded only ---

    @action("StartDeliveryStreamEncryption")
    async def encrypt(self, request: AwsRequest) -> Params:
        name = request.params["DeliveryStreamName"]
        given = request.params.get("DeliveryStreamEncryptionConfigurationInput") or {"KeyType": "AWS_OWNED_CMK"}
        self._get(name)
        self.table.update_fields(name, DeliveryStreamEncryptionConfiguration={"Status": "ENABLED", **given})
        return {}

    @action("StopDeliveryStreamEncryption")
    async def stop_encryption(self, request: AwsRequest) -> Params:
        name = request.params["DeliveryStreamName"]
        self._get(name)
        self.table.update_fields(name, DeliveryStreamEncryptionConfiguration={"Status": "DISABLED"})
        return {}

    @action("ListTagsForDeliveryStream")
    async def list_tags(self, request: AwsRequest) -> Params:
        return {"Tags": self._get(request.params["DeliveryStreamName"])["Tags"], "HasMoreTags": False}

    @action("TagDeliveryStream")
    async def tag(self, request: AwsRequest) -> Params:
        stream = self._get(request.params["DeliveryStreamName"])
        new = {tag["Key"] for tag in request.params["Tags"]}
        kept = [tag for tag in stream["Tags"] if tag["Key"] not in new]
        self.table.update_fields(stream["DeliveryStreamName"], Tags=[*kept, *request.params["Tags"]])
        return {}

    @action("UntagDeliveryStream")
    async def untag(self, request: AwsRequest) -> Params:
        stream = self._get(request.params["DeliveryStreamName"])
        kept = [tag for tag in stream["Tags"] if tag["Key"] not in request.params["TagKeys"]]
        self.table.update_fields(stream["DeliveryStreamName"], Tags=kept)
        return {}


def _record_id() -> str:
    return uuid.uuid4().hex * 4
