"""EC2 Auto Scaling: groups of real processes. Policies and hooks are kept by the emulator behind, and followed here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any, ClassVar

from local_aws.context import Context
from local_aws.internal_call import call_upstream
from local_aws.services import autoscaling_groups as groups
from local_aws.services import autoscaling_tracking as tracking
from local_aws.services import autoscaling_worker
from local_aws.services.autoscaling_activities import Activities
from local_aws.services.autoscaling_members import Members
from local_aws.services.base import Service, action
from local_aws.wire import AwsError, AwsRequest, Params

log = logging.getLogger("local_aws.autoscaling")

TURN_SECONDS = 0.5


class AutoScaling(Service):
    name: ClassVar[str] = "autoscaling"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.table = ctx.table("autoscaling.groups")
        self.activities = Activities(ctx)
        self.members = Members(ctx, self.activities)
        self.worker = autoscaling_worker.Worker(ctx, self.table, self.members)
        self._turns: asyncio.Task[None] | None = None

    async def start(self) -> None:
        autoscaling_worker.announce()
        self._turns = asyncio.create_task(self._run(), name="auto scaling")

    async def stop(self) -> None:
        """The instances go on: whether they end is said by `local-aws down`, which ends all."""
        if self._turns is not None:
            self._turns.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._turns

    async def _run(self) -> None:
        await asyncio.to_thread(self.worker.resume)
        while True:
            try:
                await asyncio.to_thread(self.worker.turn)
            except Exception:
                log.exception("the Auto Scaling groups could not be looked after")
            await asyncio.sleep(TURN_SECONDS)

    @action("CreateAutoScalingGroup")
    async def create_group(self, request: AwsRequest) -> Params:
        params = request.params
        groups.refuse_what_is_not_done(params)
        name = params["AutoScalingGroupName"]
        if name in self.table:
            message = f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            raise AwsError("AlreadyExists", message)
        template = await self._launch_template(params.get("LaunchTemplate"))
        if template is None:
            raise groups.invalid("Local AWS makes groups from a launch template: LaunchTemplate is missing.")
        zones = params.get("AvailabilityZones") or await self._zones(params.get("VPCZoneIdentifier"))
        self.table[name] = groups.new_group(params, template, zones)
        for hook in params.get("LifecycleHookSpecificationList") or ():
            await call_upstream(self.ctx, "autoscaling", "PutLifecycleHook", AutoScalingGroupName=name, **hook)
        return {}

    @action("UpdateAutoScalingGroup")
    async def update_group(self, request: AwsRequest) -> Params:
        params = request.params
        groups.refuse_what_is_not_done(params)
        template = await self._launch_template(params.get("LaunchTemplate"))
        zones = params.get("AvailabilityZones") or await self._zones(params.get("VPCZoneIdentifier"))
        group = self._group(params)
        new = groups.changed(group, params, template, zones)
        if new["DesiredCapacity"] != group["DesiredCapacity"]:
            new |= {"ScaledAt": time.time()}
        if template:
            new |= {"Failures": 0, "LaunchAfter": 0.0}
        self.table.update_fields(group["AutoScalingGroupName"], **_difference(group, new))
        return {}

    @action("SetDesiredCapacity")
    async def set_desired_capacity(self, request: AwsRequest) -> Params:
        group, desired = self._group(request.params), int(request.params["DesiredCapacity"])
        groups.refuse_out_of_bounds(group, desired)
        self._change(group, DesiredCapacity=desired, ScaledAt=time.time())
        return {}

    @action("DescribeAutoScalingGroups")
    async def describe_groups(self, request: AwsRequest) -> Params:
        wanted = request.params.get("AutoScalingGroupNames") or list(self.table)
        found = [group for name in wanted if (group := self.table.get(name)) is not None]
        members = [self.members.of(group["AutoScalingGroupName"]) for group in found]
        return {"AutoScalingGroups": [groups.described(*pair) for pair in zip(found, members, strict=True)]}

    @action("DeleteAutoScalingGroup")
    async def delete_group(self, request: AwsRequest) -> Params:
        group = self._group(request.params)
        name = group["AutoScalingGroupName"]
        instances = self.members.of(name)
        if instances and not request.params.get("ForceDelete"):
            message = (
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
                "still in the group."
            )
            raise AwsError("ResourceInUse", message)
        self.table.pop(name, None)
        for instance in instances:
            for arn in group["TargetGroupARNs"]:
                targets = [{"Id": instance["InstanceId"]}]
                await asyncio.to_thread(self._elbv2.deregister_targets, TargetGroupArn=arn, Targets=targets)
            await asyncio.to_thread(self.members.remove, instance)
        self.activities.forget(name)
        return await self.ctx.upstream(request)  # its policies and hooks go

    @property
    def _elbv2(self) -> Any:
        return self.ctx.client("elbv2")

    @action("DescribeAutoScalingInstances")
    async def describe_instances(self, request: AwsRequest) -> Params:
        wanted = request.params.get("InstanceIds")
        found = [entry for entry in self.members.table.values() if not wanted or entry["InstanceId"] in wanted]
        shown = [groups.described_instance(entry, AutoScalingGroupName=entry["Group"]) for entry in found]
        return {"AutoScalingInstances": shown}

    @action("DescribeScalingActivities")
    async def describe_activities(self, request: AwsRequest) -> Params:
        found = self.activities.of(request.params.get("AutoScalingGroupName"))
        wanted = request.params.get("ActivityIds")
        return {"Activities": [each for each in found if not wanted or each["ActivityId"] in wanted]}

    @action("PutScalingPolicy")
    async def put_policy(self, request: AwsRequest) -> Params:
        """What would not be followed is refused."""
        group, params = self._group(request.params), request.params
        configuration = params.get("TargetTrackingConfiguration") or {}
        specification = configuration.get("PredefinedMetricSpecification") or {}
        if tracking.metric_of(specification, group["AutoScalingGroupName"]) is None:
            raise groups.invalid(
                "Local AWS follows target tracking policies on ASGAverageCPUUtilization and ALBRequestCountPerTarget "
                "(whose ResourceLabel is app/<name>/<id>/targetgroup/<name>/<id>)."
            )
        return await self.ctx.upstream(request)

    @action("DescribePolicies")
    async def describe_policies(self, request: AwsRequest) -> Params:
        """The emulator lists all of a group's, whichever are asked for."""
        params = request.params
        of = {"AutoScalingGroupName": name} if (name := params.get("AutoScalingGroupName")) else {}
        known = (await call_upstream(self.ctx, "autoscaling", "DescribePolicies", **of)).get("ScalingPolicies", [])
        names, types = params.get("PolicyNames"), params.get("PolicyTypes")
        return {
            "ScalingPolicies": [
                policy
                for policy in known
                if (not names or {policy["PolicyName"], policy["PolicyARN"]} & set(names))
                and (not types or policy["PolicyType"] in types)
            ]
        }

    @action("PutScheduledUpdateGroupAction")
    async def put_scheduled_action(self, request: AwsRequest) -> Params:
        raise groups.invalid("Local AWS has no scheduled scaling actions.")

    async def _launch_template(self, asked: Params | None) -> Params | None:
        """With id and name, of which a caller gives one."""
        if not asked:
            return None
        by = {"LaunchTemplateIds": [asked["LaunchTemplateId"]]} if asked.get("LaunchTemplateId") else {
            "LaunchTemplateNames": [asked["LaunchTemplateName"]]
        }  # fmt: skip
        found = (await call_upstream(self.ctx, "ec2", "DescribeLaunchTemplates", **by)).get("LaunchTemplates", [])
        if not found:
            raise groups.invalid(
                "You must use a valid fully-formed launch template. The specified launch template does not exist"
            )
        return {
            "LaunchTemplateId": found[0]["LaunchTemplateId"],
            "LaunchTemplateName": found[0]["LaunchTemplateName"],
            "Version": asked.get("Version") or "$Default",
        }

    async def _zones(self, subnets: str | None) -> list[str]:
        if not subnets:
            return []
        ids = subnets.split(",")
        found = (await call_upstream(self.ctx, "ec2", "DescribeSubnets", SubnetIds=ids)).get("Subnets", [])
        zone_of = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in found}
        return list(dict.fromkeys(zone_of[each] for each in ids if each in zone_of))

    def _group(self, params: Params) -> Params:
        return groups.named(self.table, params["AutoScalingGroupName"])

    def _change(self, group: Params, **fields: Any) -> None:
        self.table.update_fields(group["AutoScalingGroupName"], **fields)


def _difference(old: Params, new: Params) -> Params:
    """Only what changed: the worker writes other fields meanwhile."""
    return {name: value for name, value in new.items() if name not in old or old[name] != value}
