"""EC2, amended: an instance of an Auto Scaling group has a console, and ends when it is terminated."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from typing import ClassVar

from local_aws.context import Context
from local_aws.services import instance_process
from local_aws.services.base import Service, action
from local_aws.wire import AwsError, AwsRequest, Params


class Instances(Service):
    name: ClassVar[str] = "ec2"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.table = instance_process.instances_of(ctx)

    @action("GetConsoleOutput")
    async def get_console_output(self, request: AwsRequest) -> Params:
        """What the instance did with its user data, and what its services said when they failed."""
        instance_id = request.params["InstanceId"]
        if not instance_id.removeprefix("i-").isalnum():
            raise AwsError("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')
        text = await asyncio.to_thread(instance_process.console, self.ctx.settings, instance_id)
        if text is None:
            raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
        output = base64.b64encode(text.encode()).decode()
        return {"InstanceId": instance_id, "Output": output, "Timestamp": datetime.now(UTC)}

    @action("TerminateInstances")
    async def terminate_instances(self, request: AwsRequest) -> Params:
        """The process ends here; its group notices, and replaces it."""
        result = await self.ctx.upstream(request)
        for instance_id in request.params["InstanceIds"]:
            if (instance := self.table.get(instance_id)) is not None:
                await asyncio.to_thread(instance_process.end, self.ctx.settings, instance)
        return result

    @action("StopInstances", "RebootInstances")
    async def refuse(self, request: AwsRequest) -> Params:
        if managed := [each for each in request.params["InstanceIds"] if each in self.table]:
            raise AwsError(
                "UnsupportedOperation", f"Local AWS does not stop or reboot {', '.join(managed)} of a group."
            )
        return await self.ctx.upstream(request)
