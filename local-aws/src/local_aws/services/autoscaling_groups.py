"""Auto Scaling groups as records: made, changed and described as the API does, and refused where it refuses."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import AwsError, Params

_COPIED = (
    "CapacityRebalance", "DefaultCooldown", "DefaultInstanceWarmup", "DesiredCapacity", "HealthCheckGracePeriod",
    "HealthCheckType", "InstanceMaintenancePolicy", "LaunchTemplate", "MaxInstanceLifetime", "MaxSize", "MinSize",
    "NewInstancesProtectedFromScaleIn", "ServiceLinkedRoleARN", "TerminationPolicies", "VPCZoneIdentifier",
)  # fmt: skip
_REFUSED = ("InstanceId", "LaunchConfigurationName", "LoadBalancerNames", "MixedInstancesPolicy")
_PRIVATE = frozenset({"Failures", "LaunchAfter", "Refreshes", "ScaledAt"})
_ARN = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup"
_DEFAULTS: Params = {
    "CapacityRebalance": False,
    "DefaultCooldown": 300,
    "HealthCheckGracePeriod": 0,
    "HealthCheckType": "EC2",
    "NewInstancesProtectedFromScaleIn": False,
    "ServiceLinkedRoleARN": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/"
    "AWSServiceRoleForAutoScaling",
    "TerminationPolicies": ["Default"],
    "VPCZoneIdentifier": "",
}


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def named(table: Mapping[str, Params], name: str) -> Params:
    """The group of that name; raises ValidationError."""
    group = table.get(name)
    if group is None:
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup {name} not found")
    return group


def refuse_what_is_not_done(params: Params) -> None:
    for name in _REFUSED:
        if params.get(name):
            raise invalid(f"Local AWS does not do {name}: its groups are made from a launch template.")


def new_group(params: Params, template: Params, zones: list[str]) -> Params:
    """`template`: LaunchTemplateId, LaunchTemplateName and Version; `zones`: of the subnets."""
    name = params["AutoScalingGroupName"]
    group = _DEFAULTS | {
        "AutoScalingGroupName": name,
        "AutoScalingGroupARN": f"{_ARN}:{uuid.uuid4()}:autoScalingGroupName/{name}",
        "AvailabilityZones": zones or [f"{REGION}a"],
        "CreatedTime": datetime.now(UTC),
        "EnabledMetrics": [],
        "LoadBalancerNames": [],
        "SuspendedProcesses": [],
        "Tags": [tag_of(tag, name) for tag in params.get("Tags") or ()],
        "TargetGroupARNs": [
            *(params.get("TargetGroupARNs") or ()),
            *(source["Identifier"] for source in params.get("TrafficSources") or () if _is_group(source)),
        ],
        "TrafficSources": [],
        "Failures": 0,
        "LaunchAfter": 0.0,
        "Refreshes": [],
        "ScaledAt": time.time(),
    }
    return changed(group, params, template)


def _is_group(source: Params) -> bool:
    return bool(source.get("Type", "elbv2") == "elbv2")


def changed(group: Params, params: Params, template: Params | None, zones: list[str] | None = None) -> Params:
    """The group with what the call sets. A desired capacity outside new bounds moves to them, as on AWS."""
    new = group | {name: params[name] for name in _COPIED if params.get(name) is not None}
    new |= {"LaunchTemplate": template} if template else {}
    new |= {"AvailabilityZones": zones} if zones else {}
    if new["MinSize"] > new["MaxSize"]:
        raise invalid(f"Min bound, {new['MinSize']}, cannot be greater than Max bound, {new['MaxSize']}")
    asked = params.get("DesiredCapacity")
    if asked is not None:
        refuse_out_of_bounds(new, asked)
    desired = new.get("DesiredCapacity", new["MinSize"])
    return new | {"DesiredCapacity": max(new["MinSize"], min(desired, new["MaxSize"]))}


def refuse_out_of_bounds(group: Params, desired: int) -> None:
    if desired > group["MaxSize"]:
        raise invalid(
            f"New SetDesiredCapacity value {desired} is above max value {group['MaxSize']} for the AutoScalingGroup."
        )
    if desired < group["MinSize"]:
        raise invalid(
            f"New SetDesiredCapacity value {desired} is below min value {group['MinSize']} for the AutoScalingGroup."
        )


def tag_of(tag: Params, group: str) -> Params:
    return {
        "Key": tag["Key"],
        "Value": tag.get("Value", ""),
        "PropagateAtLaunch": bool(tag.get("PropagateAtLaunch")),
        "ResourceId": group,
        "ResourceType": "auto-scaling-group",
    }


def with_tags(group: Params, tags: list[Params]) -> list[Params]:
    """A tag of the same key is replaced."""
    new = {tag["Key"]: tag_of(tag, group["AutoScalingGroupName"]) for tag in tags}
    return [tag for tag in group["Tags"] if tag["Key"] not in new] + list(new.values())


def described(group: Params, instances: list[Params]) -> Params:
    """The group as DescribeAutoScalingGroups shows it."""
    sources = [{"Identifier": arn, "Type": "elbv2"} for arn in group["TargetGroupARNs"]]
    shown = {name: value for name, value in group.items() if name not in _PRIVATE}
    return shown | {"Instances": [described_instance(entry) for entry in instances], "TrafficSources": sources}


def described_instance(instance: Params, **more: Any) -> Params:
    names = ("InstanceId", "InstanceType", "AvailabilityZone", "LifecycleState", "HealthStatus", "LaunchTemplate",
             "ProtectedFromScaleIn")  # fmt: skip
    return {name: instance[name] for name in names} | more
