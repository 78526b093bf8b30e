"""Keeps a lane running for every shard of every enabled mapping, and moves mappings through their states.

Checkpoints stand beside the streams' records, so a mapping goes on where it was after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from local_aws.context import Context
from local_aws.internal_call import call_upstream
from local_aws.services.kinesis_log import Reader
from local_aws.services.kinesis_streams import stream_name, streams_of
from local_aws.services.lambda_mapping_lane import Desk, Lane
from local_aws.store import Table
from local_aws.wire import AwsError, Params

log = logging.getLogger("local_aws.lambda.mappings")

LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class LaneKey:
    """A lane belongs to one revision of its mapping: an update ends it and starts another."""

    uuid: str
    revision: int
    reader: Reader


class Runner:
    """`run` until cancelled."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.streams = streams_of(ctx)
        self.mappings = ctx.table("lambda.mappings")
        self.places = Table(ctx.settings.state / "kinesis.sqlite", "lambda.mapping_places", synchronous="NORMAL")
        self._lanes: dict[LaneKey, asyncio.Task[None]] = {}

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self._reconcile()
                except Exception:
                    log.exception("the event source mappings could not be looked after; it is tried again")
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._end(list(self._lanes))

    async def _reconcile(self) -> None:
        wanted: dict[LaneKey, Params] = {}
        for mapping in list(self.mappings.values()):
            if mapping["State"] != "Deleting" and mapping["Wanted"] == "Enabled":
                wanted |= dict.fromkeys(await self._keys(mapping), mapping)
        ended = [key for key, lane in self._lanes.items() if key not in wanted or lane.done()]
        await self._end(ended)
        for key, mapping in wanted.items():
            if key not in self._lanes:
                lane = await self._lane(key, mapping)
                self._lanes[key] = asyncio.create_task(lane.run(), name=f"mapping {key.uuid} {key.reader.shard}")
        self._settle_states()

    async def _end(self, keys: list[LaneKey]) -> None:
        for key in keys:
            lane = self._lanes.pop(key)
            lane.cancel()
            (result,) = await asyncio.gather(lane, return_exceptions=True)
            if isinstance(result, Exception):
                log.error("%s of %s stopped; it starts again", key.reader.shard, key.uuid, exc_info=result)

    def _settle_states(self) -> None:
        """Creating, Enabling, Updating and Disabling end; a mapping that is being deleted goes."""
        for uuid, mapping in list(self.mappings.items()):
            if mapping["State"] == "Deleting":
                del self.mappings[uuid]
                for key in [key for key in self.places if key.startswith(uuid)]:
                    del self.places[key]
            elif mapping["State"] != mapping["Wanted"]:
                self.mappings.update_fields(uuid, State=mapping["Wanted"])

    async def _keys(self, mapping: Params) -> list[LaneKey]:
        """A lane for each part of each shard. A child waits for its parents' end: a key's records stay in order."""
        name = stream_name(mapping["EventSourceArn"])
        try:
            shards = await self.streams.readable_shards(name)
        except AwsError as error:
            self._note_result(mapping["UUID"], f"PROBLEM: {error.message}")
            return []
        lanes = mapping["ParallelizationFactor"]
        return [
            LaneKey(mapping["UUID"], mapping["Revision"], Reader(name, shard.id, lanes, lane))
            for shard in shards
            if not any(self._unread(mapping, Reader(name, parent)) for parent in shard.parents)
            for lane in range(lanes)
        ]

    def _unread(self, mapping: Params, reader: Reader) -> bool:
        place = self._place(mapping, reader)
        return self.streams.log.oldest_after(reader, place) is not None

    def _place(self, mapping: Params, reader: Reader) -> int:
        """How far a lane is; after a change of the number of lanes, how far the slowest one was."""
        noted = self.places.get(_key(mapping["UUID"], reader))
        if noted is None:
            return int(mapping["From"])
        if noted["lanes"] == reader.lanes:
            return int(noted["places"].get(str(reader.lane), noted["from"]))
        return min(
            map(int, [*noted["places"].values(), *([noted["from"]] if len(noted["places"]) < noted["lanes"] else [])])
        )

    def _note_place(self, mapping: Params, reader: Reader, place: int) -> None:
        key = _key(mapping["UUID"], reader)
        noted = self.places.get(key)
        if noted is None or noted["lanes"] != reader.lanes:
            noted = {"lanes": reader.lanes, "from": self._place(mapping, reader), "places": {}}
        if noted["places"].get(str(reader.lane)) != place:
            self.places[key] = noted | {"places": noted["places"] | {str(reader.lane): place}}

    def _note_result(self, uuid: str, result: str) -> None:
        mapping = self.mappings.get(uuid)
        if mapping is not None and mapping["LastProcessingResult"] != result:
            self.mappings.update_fields(uuid, LastProcessingResult=result)

    async def _lane(self, key: LaneKey, mapping: Params) -> Lane:
        try:
            function = await call_upstream(
                self.ctx, "lambda", "GetFunctionConfiguration", FunctionName=mapping["FunctionArn"]
            )
        except AwsError:
            function = {}
        desk = Desk(
            ctx=self.ctx,
            log=self.streams.log,
            mapping=mapping,
            role=function.get("Role", ""),
            note_place=lambda place: self._note_place(mapping, key.reader, place),
            note_result=lambda result: self._note_result(key.uuid, result),
        )
        return Lane(desk, key.reader, self._place(mapping, key.reader))


def _key(uuid: str, reader: Reader) -> str:
    return f"{uuid}/{reader.shard}"
