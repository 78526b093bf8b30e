"""Glue triggers: on demand, by schedule, on conditions. What they set off is in glue_chains."""

from __future__ import annotations

import asyncio
import logging
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.glue_chains import chains_of
from local_aws.services.glue_jobs import page
from local_aws.services.glue_timetable import Timetable
from local_aws.services.glue_trigger_definitions import public, trigger_arn
from local_aws.wire import AwsError, AwsRequest, Params

log = logging.getLogger("local_aws.glue")

LOOK_SECONDS = 2.0


class GlueTriggerService(Service):
    """The API of triggers, and their clock."""

    name: ClassVar[str] = "glue"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.chains = chains_of(ctx)
        self.triggers = self.chains.triggers
        self.tags = ctx.table("glue.job_tags")
        self._timetable = Timetable(self._fire, ctx.table("glue.triggers_fired"))
        self._clock: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._clock = asyncio.create_task(self._keep_schedules())

    async def stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()

    async def _keep_schedules(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await asyncio.to_thread(self._timetable.tick, self.triggers.scheduled())
            except Exception:
                log.exception("the schedules of triggers could not be looked at")

    def _fire(self, name: str) -> None:
        try:
            self.chains.fire(name)
        except AwsError as error:
            log.warning("the schedule of trigger %s started nothing: %s", name, error)

    @action("CreateTrigger")
    async def create_trigger(self, request: AwsRequest) -> Params:
        name = request.params["Name"]
        self.triggers.create(request.params)
        self.tags[trigger_arn(name)] = request.params.get("Tags") or {}
        return {"Name": name}

    @action("UpdateTrigger")
    async def update_trigger(self, request: AwsRequest) -> Params:
        return {"Trigger": public(self.triggers.update(request.params["Name"], request.params["TriggerUpdate"]))}

    @action("DeleteTrigger")
    async def delete_trigger(self, request: AwsRequest) -> Params:
        name = request.params["Name"]
        self.triggers.delete(name)
        self.tags.pop(trigger_arn(name), None)
        return {"Name": name}

    @action("GetTrigger")
    async def get_trigger(self, request: AwsRequest) -> Params:
        return {"Trigger": public(self.triggers.get(request.params["Name"]))}

    @action("GetTriggers")
    async def get_triggers(self, request: AwsRequest) -> Params:
        names, more = page(self._named(request.params), request.params, default=200)
        return {"Triggers": [public(self.triggers.table[name]) for name in names]} | more

    @action("ListTriggers")
    async def list_triggers(self, request: AwsRequest) -> Params:
        tags = (request.params.get("Tags") or {}).items()
        named = [name for name in self._named(request.params) if tags <= self.tags.get(trigger_arn(name), {}).items()]
        names, more = page(named, request.params, default=200)
        return {"TriggerNames": names} | more

    @action("BatchGetTriggers")
    async def batch_get_triggers(self, request: AwsRequest) -> Params:
        wanted, table = request.params["TriggerNames"], self.triggers.table
        found = [public(table[name]) for name in wanted if name in table]
        return {"Triggers": found, "TriggersNotFound": [name for name in wanted if name not in table]}

    @action("StartTrigger")
    async def start_trigger(self, request: AwsRequest) -> Params:
        """An on-demand trigger fires; the others are switched on."""
        name = request.params["Name"]
        if self.triggers.get(name)["Type"] == "ON_DEMAND":
            await asyncio.to_thread(self.chains.fire, name)
        else:
            self.triggers.switch(name, on=True)
        return {"Name": name}

    @action("StopTrigger")
    async def stop_trigger(self, request: AwsRequest) -> Params:
        self.triggers.switch(request.params["Name"], on=False)
        return {"Name": request.params["Name"]}

    def _named(self, params: Params) -> list[str]:
        job = params.get("DependentJobName")
        if job is None:
            return sorted(self.triggers.table)
        self.chains.job_runs.jobs.get(job)
        return sorted(trigger["Name"] for trigger in self.triggers.starting(job))
