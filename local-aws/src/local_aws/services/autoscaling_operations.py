"""EC2 Auto Scaling: what is done to a group and its instances while it runs. The groups are in autoscaling.py."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, ClassVar

from local_aws.context import Context
from local_aws.services import autoscaling_groups as groups
from local_aws.services.autoscaling_activities import Activities, cause
from local_aws.services.autoscaling_members import Members
from local_aws.services.autoscaling_refresh import Refreshes, described
from local_aws.services.base import Service, action
from local_aws.wire import AwsRequest, Params

_METRICS = (
    "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
    "GroupTerminatingInstances", "GroupTotalInstances",
)  # fmt: skip
_PROCESSES = ("Launch", "AlarmNotification")


class AutoScalingOperations(Service):
    name: ClassVar[str] = "autoscaling"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.table = ctx.table("autoscaling.groups")
        self.members = Members(ctx, Activities(ctx))
        self.refreshes = Refreshes(self.table)

    @action("StartInstanceRefresh")
    async def start_refresh(self, request: AwsRequest) -> Params:
        group = self._group(request.params["AutoScalingGroupName"])
        instances = self.members.of(group["AutoScalingGroupName"])
        return {"InstanceRefreshId": self.refreshes.begin(group, instances, request.params)}

    @action("DescribeInstanceRefreshes")
    async def describe_refreshes(self, request: AwsRequest) -> Params:
        found = self._group(request.params["AutoScalingGroupName"])["Refreshes"]
        wanted = request.params.get("InstanceRefreshIds")
        shown = [described(each) for each in found if not wanted or each["InstanceRefreshId"] in wanted]
        return {"InstanceRefreshes": shown}

    @action("CancelInstanceRefresh")
    async def cancel_refresh(self, request: AwsRequest) -> Params:
        return {"InstanceRefreshId": self.refreshes.cancel(self._group(request.params["AutoScalingGroupName"]))}

    @action("TerminateInstanceInAutoScalingGroup")
    async def terminate_instance(self, request: AwsRequest) -> Params:
        """The group's next turn takes it out; it is replaced unless the capacity goes down with it."""
        instance = self._instance(request.params["InstanceId"])
        if request.params["ShouldDecrementDesiredCapacity"]:
            group = self._group(instance["Group"])
            desired = group["DesiredCapacity"] - 1
            groups.refuse_out_of_bounds(group, desired)
            self.table.update_fields(instance["Group"], DesiredCapacity=desired, ScaledAt=time.time())
        self.members.set(instance, HealthStatus="Unhealthy")
        description = f"Terminating EC2 instance: {instance['InstanceId']}"
        return {"Activity": {
            "ActivityId": instance["Activity"], "AutoScalingGroupName": instance["Group"], "Description": description,
            "Cause": cause("an instance was taken out of service in response to a user request."),
            "StartTime": datetime.now(UTC), "StatusCode": "InProgress", "Progress": 0,
        }}  # fmt: skip

    @action("SetInstanceHealth")
    async def set_instance_health(self, request: AwsRequest) -> Params:
        self.members.set(self._instance(request.params["InstanceId"]), HealthStatus=request.params["HealthStatus"])
        return {}

    @action("SetInstanceProtection")
    async def set_instance_protection(self, request: AwsRequest) -> Params:
        for instance_id in request.params["InstanceIds"]:
            protected = bool(request.params["ProtectedFromScaleIn"])
            self.members.set(self._instance(instance_id), ProtectedFromScaleIn=protected)
        return {}

    @action("CompleteLifecycleAction")
    async def complete_lifecycle_action(self, request: AwsRequest) -> Params:
        self._change_hook(request.params, Result=request.params["LifecycleActionResult"])
        return {}

    @action("RecordLifecycleActionHeartbeat")
    async def record_heartbeat(self, request: AwsRequest) -> Params:
        """The hook waits its time anew."""
        self._change_hook(request.params)
        return {}

    def _change_hook(self, params: Params, **fields: Any) -> None:
        name, token = params["LifecycleHookName"], params.get("LifecycleActionToken")
        for instance in self.members.of(params["AutoScalingGroupName"]):
            hook = instance["Hooks"].get(name)
            if hook and (token == hook["Token"] or instance["InstanceId"] == params.get("InstanceId")):
                fresh = hook | {"Until": time.time() + hook["Seconds"]} | fields
                self.members.set(instance, Hooks=instance["Hooks"] | {name: fresh})
                return
        raise groups.invalid(f"No active Lifecycle Action found with instance ID {params.get('InstanceId') or token}")

    @action("AttachLoadBalancerTargetGroups", "DetachLoadBalancerTargetGroups")
    async def change_target_groups(self, request: AwsRequest) -> Params:
        await self._attach(request, request.params["TargetGroupARNs"])
        return {}

    @action("AttachTrafficSources", "DetachTrafficSources")
    async def change_traffic_sources(self, request: AwsRequest) -> Params:
        await self._attach(request, [source["Identifier"] for source in request.params["TrafficSources"]])
        return {}

    async def _attach(self, request: AwsRequest, arns: list[str]) -> None:
        """The instances in service come and go with the target group."""
        group = self._group(request.params["AutoScalingGroupName"])
        attached = request.action.startswith("Attach")
        kept = [arn for arn in group["TargetGroupARNs"] if arn not in arns]
        self.table.update_fields(group["AutoScalingGroupName"], TargetGroupARNs=[*kept, *arns] if attached else kept)
        client = self.ctx.client("elbv2")
        change = client.register_targets if attached else client.deregister_targets
        instances = self.members.of(group["AutoScalingGroupName"])
        if targets := [{"Id": each["InstanceId"]} for each in instances if each["LifecycleState"] == "InService"]:
            for arn in arns:
                await asyncio.to_thread(change, TargetGroupArn=arn, Targets=targets)

    @action("SuspendProcesses", "ResumeProcesses")
    async def change_processes(self, request: AwsRequest) -> Params:
        group = self._group(request.params["AutoScalingGroupName"])
        named = request.params.get("ScalingProcesses") or list(_PROCESSES)
        if request.action == "SuspendProcesses" and (unknown := set(named) - set(_PROCESSES)):
            raise groups.invalid(f"Local AWS suspends {' and '.join(_PROCESSES)}, not {', '.join(sorted(unknown))}.")
        kept = [entry for entry in group["SuspendedProcesses"] if entry["ProcessName"] not in named]
        if request.action == "SuspendProcesses":
            kept += [{"ProcessName": name, "SuspensionReason": "User suspended"} for name in named]
        self.table.update_fields(group["AutoScalingGroupName"], SuspendedProcesses=kept)
        return {}

    @action("EnableMetricsCollection", "DisableMetricsCollection")
    async def change_metrics(self, request: AwsRequest) -> Params:
        group = self._group(request.params["AutoScalingGroupName"])
        named = request.params.get("Metrics") or list(_METRICS)
        kept = [entry for entry in group["EnabledMetrics"] if entry["Metric"] not in named]
        if request.action == "EnableMetricsCollection":
            kept += [{"Metric": name, "Granularity": "1Minute"} for name in named]
        self.table.update_fields(group["AutoScalingGroupName"], EnabledMetrics=kept)
        return {}

    @action("CreateOrUpdateTags")
    async def create_tags(self, request: AwsRequest) -> Params:
        for name in {tag["ResourceId"] for tag in request.params["Tags"]}:
            group = self._group(name)
            new = [tag for tag in request.params["Tags"] if tag["ResourceId"] == name]
            self.table.update_fields(name, Tags=groups.with_tags(group, new))
        return {}

    @action("DeleteTags")
    async def delete_tags(self, request: AwsRequest) -> Params:
        for tag in request.params["Tags"]:
            group = self._group(tag["ResourceId"])
            kept = [each for each in group["Tags"] if each["Key"] != tag["Key"]]
            self.table.update_fields(tag["ResourceId"], Tags=kept)
        return {}

    @action("DescribeTags")
    async def describe_tags(self, request: AwsRequest) -> Params:
        found = [tag for group in self.table.values() for tag in group["Tags"]]
        members = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
        for each in request.params.get("Filters") or ():
            if each["Name"] in members:
                found = [tag for tag in found if tag[members[each["Name"]]] in each["Values"]]
        return {"Tags": found}

    def _group(self, name: str) -> Params:
        return groups.named(self.table, name)

    def _instance(self, instance_id: str) -> Params:
        instance: Params | None = self.members.table.get(instance_id)
        if instance is None:
            raise groups.invalid(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
        return instance
