"""What the emulator knows of a stream (shards, retention, status), remembered for a few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from hashlib import md5

from local_aws.context import Context
from local_aws.internal_call import call_upstream
from local_aws.services.kinesis_log import StreamLog, stream_log_of
from local_aws.settings import ACCOUNT
from local_aws.wire import AwsError, Params

REMEMBERED_SECONDS = 5.0


@dataclass(frozen=True)
class Shard:
    """`low` and `high`: the range of MD5 hashes of its partition keys, both included."""

    id: str
    low: int
    high: int
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stream:
    name: str
    arn: str
    status: str
    retention_hours: int
    encryption: str
    shards: tuple[Shard, ...]

    def shard_for(self, partition_key: str, explicit: str | None = None) -> str:
        """The MD5 of the partition key, or the explicit hash, picks it ("Kinesis Data Streams terminology")."""
        wanted = int(explicit) if explicit else int(md5(partition_key.encode(), usedforsecurity=False).hexdigest(), 16)
        return next((shard.id for shard in self.shards if shard.low <= wanted <= shard.high), self.shards[0].id)


def stream_name(arn: str) -> str:
    """The stream of a stream's or a consumer's ARN."""
    return arn.split(":stream/", 1)[-1].split("/", 1)[0]


class Streams:
    """Look-up by name."""

    def __init__(self, ctx: Context, log: StreamLog) -> None:
        self._ctx, self.log = ctx, log
        self._known: dict[str, tuple[float, Stream]] = {}

    async def get(self, name: str) -> Stream:
        """Raises ResourceNotFoundException for a stream that is not there."""
        remembered = self._known.get(name)
        if remembered and time.monotonic() - remembered[0] < REMEMBERED_SECONDS:
            return remembered[1]
        try:
            answer = await call_upstream(self._ctx, "kinesis", "DescribeStream", StreamName=name)
        except AwsError as error:
            self._known.pop(name, None)
            if error.code == "ResourceNotFoundException":
                raise AwsError(error.code, f"Stream {name} under account {ACCOUNT} not found.") from None
            raise
        stream = _stream(answer["StreamDescription"])
        if stream.status == "ACTIVE":
            self._known[name] = (time.monotonic(), stream)
        return stream

    def forget(self, name: str) -> None:
        self._known.pop(name, None)

    async def readable_shards(self, name: str) -> list[Shard]:
        """Open shards, and closed ones that still have records; parents come first."""
        stream = await self.get(name)
        open_ids = {shard.id for shard in stream.shards}
        closed = [Shard(shard, 0, 0) for shard in self.log.shards(name) if shard not in open_ids]
        return [*closed, *stream.shards]


def _stream(description: Params) -> Stream:
    return Stream(
        name=description["StreamName"],
        arn=description["StreamARN"],
        status=description["StreamStatus"],
        retention_hours=description["RetentionPeriodHours"],
        encryption=description.get("EncryptionType", "NONE"),
        shards=tuple(_shard(shard) for shard in description["Shards"]),
    )


def _shard(shard: Params) -> Shard:
    keys = shard["HashKeyRange"]
    parents = [shard[name] for name in ("ParentShardId", "AdjacentParentShardId") if shard.get(name)]
    return Shard(shard["ShardId"], int(keys["StartingHashKey"]), int(keys["EndingHashKey"]), tuple(parents))


@cache
def streams_of(ctx: Context) -> Streams:
    return Streams(ctx, stream_log_of(ctx))
