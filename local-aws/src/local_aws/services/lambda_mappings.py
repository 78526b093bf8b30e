"""Lambda: event source mappings of Kinesis streams and their enhanced fan-out consumers.

Those of other sources stay with the emulator behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from datetime import UTC, datetime
from typing import ClassVar

from local_aws.context import Context
from local_aws.internal_call import call_upstream
from local_aws.services import lambda_mapping_records as records
from local_aws.services.base import Service, action
from local_aws.services.kinesis import seconds_of
from local_aws.services.kinesis_streams import stream_name, streams_of
from local_aws.services.lambda_mapping_runner import Runner
from local_aws.wire import AwsError, AwsRequest, Params


class LambdaMappings(Service):
    """Create, read, change and delete mappings; the runner does what they say."""

    name: ClassVar[str] = "lambda"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.streams = streams_of(ctx)
        self.table = ctx.table("lambda.mappings")
        self._runner: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._runner = asyncio.create_task(Runner(self.ctx).run())

    async def stop(self) -> None:
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner

    @action("CreateEventSourceMapping")
    async def create(self, request: AwsRequest) -> Params:
        params = request.params
        if not records.is_kinesis(params.get("EventSourceArn")):
            return await self.ctx.upstream(request)
        records.check(params)
        records.check_start(params)
        function_arn = await self._function_arn(params["FunctionName"])
        await self._check_source(params["EventSourceArn"])
        self._refuse_second(params["EventSourceArn"], function_arn)
        mapping = records.new_mapping(
            params, uuid=str(uuid.uuid4()), function_arn=function_arn, start=self._start(params), now=datetime.now(UTC)
        )
        self.table[mapping["UUID"]] = mapping
        return records.public(mapping)

    async def _function_arn(self, reference: str) -> str:
        """With the version or alias that was asked for."""
        found = await call_upstream(self.ctx, "lambda", "GetFunction", FunctionName=reference)
        arn = str(found["Configuration"]["FunctionArn"])
        plain = ":".join(arn.split(":")[:7])
        qualifier = reference.rpartition(":function:")[2].partition(":")[2]
        return f"{plain}:{qualifier}" if qualifier and qualifier != "$LATEST" else plain

    async def _check_source(self, arn: str) -> None:
        try:
            stream = await self.streams.get(stream_name(arn))
            if "/consumer/" in arn:
                await call_upstream(self.ctx, "kinesis", "DescribeStreamConsumer", ConsumerARN=arn)
            elif stream.arn != arn:
                raise records.invalid(f"Stream not found: {arn}")
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise records.invalid(f"Stream not found: {arn}") from None

    def _refuse_second(self, source: str, function_arn: str) -> None:
        for mapping in self.table.values():
            if (mapping["EventSourceArn"], mapping["FunctionArn"]) == (source, function_arn):
                raise AwsError(
                    "ResourceConflictException",
                    f'The event source arn (" {source} ") and function (" {function_arn} ") provided mapping already '
                    f"exists. Please update or delete the existing mapping with UUID {mapping['UUID']}",
                    409,
                )

    def _start(self, params: Params) -> int:
        """New shards are read from their beginning whatever the position: all of their records come later."""
        position = params["StartingPosition"]
        if position == "TRIM_HORIZON":
            return 0
        if position == "LATEST":
            return self.streams.log.last_place()
        moment = seconds_of(params["StartingPositionTimestamp"])
        return self.streams.log.place_before(stream_name(params["EventSourceArn"]), moment)

    @action("GetEventSourceMapping")
    async def get(self, request: AwsRequest) -> Params:
        mapping = self.table.get(request.params["UUID"])
        return records.public(mapping) if mapping else await self.ctx.upstream(request)

    @action("ListEventSourceMappings")
    async def list_all(self, request: AwsRequest) -> Params:
        params = request.params
        ours = [records.public(mapping) for mapping in self.table.values() if records.matches(mapping, params)]
        if params.get("Marker"):
            ours = []
        if records.is_kinesis(params.get("EventSourceArn")):
            return {"EventSourceMappings": ours}
        try:
            theirs = await self.ctx.upstream(request)
        except AwsError:
            if not ours:
                raise
            theirs = {}
        return theirs | {"EventSourceMappings": [*ours, *theirs.get("EventSourceMappings", [])]}

    @action("UpdateEventSourceMapping")
    async def update(self, request: AwsRequest) -> Params:
        params = request.params
        mapping = self.table.get(params["UUID"])
        if mapping is None:
            return await self.ctx.upstream(request)
        records.check(params)
        if mapping["State"] not in ("Enabled", "Disabled"):
            raise AwsError(
                "ResourceInUseException",
                "Cannot update the event source mapping because it is in use. "
                f"Its state is {mapping['State']}: wait until it is Enabled or Disabled.",
            )
        reference = params.get("FunctionName")
        arn = await self._function_arn(reference) if reference else mapping["FunctionArn"]
        changed = records.changed(mapping, params, function_arn=arn, now=datetime.now(UTC))
        self.table[params["UUID"]] = changed
        return records.public(changed)

    @action("DeleteEventSourceMapping")
    async def delete(self, request: AwsRequest) -> Params:
        if request.params["UUID"] not in self.table:
            return await self.ctx.upstream(request)
        return records.public(self.table.update_fields(request.params["UUID"], State="Deleting"))

    # --- tags of mappings ---

    @action("ListTags")
    async def list_tags(self, request: AwsRequest) -> Params:
        mapping = self._by_arn(request.params["Resource"])
        return {"Tags": mapping["Tags"]} if mapping else await self.ctx.upstream(request)

    @action("TagResource")
    async def tag(self, request: AwsRequest) -> Params:
        mapping = self._by_arn(request.params["Resource"])
        if mapping is None:
            return await self.ctx.upstream(request)
        self.table.update_fields(mapping["UUID"], Tags=mapping["Tags"] | request.params["Tags"])
        return {}

    @action("UntagResource")
    async def untag(self, request: AwsRequest) -> Params:
        mapping = self._by_arn(request.params["Resource"])
        if mapping is None:
            return await self.ctx.upstream(request)
        kept = {name: value for name, value in mapping["Tags"].items() if name not in request.params["TagKeys"]}
        self.table.update_fields(mapping["UUID"], Tags=kept)
        return {}

    def _by_arn(self, arn: str) -> Params | None:
        return self.table.get(arn.rpartition(":")[2]) if ":event-source-mapping:" in arn else None
