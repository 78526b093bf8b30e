"""CloudFormation's Auto Scaling groups: made when their instances are in service, and changed a few at a time."""

from __future__ import annotations

from typing import ClassVar

from local_aws.services.cloudformation_resource import Call, Kind, ResourceError, without
from local_aws.services.cloudformation_rolling import FAILURES, described, failures, rolling_update
from local_aws.wire import Params

STABILIZE_SECONDS = 900.0
# What brings AutoScalingRollingUpdate about (AWS CloudFormation User Guide, "UpdatePolicy attribute").
_ROLLS = ("LaunchTemplate", "VPCZoneIdentifier")
_APART = (
    "AutoScalingGroupName", "LifecycleHookSpecificationList", "MetricsCollection", "Tags", "TargetGroupARNs",
    "VPCZoneIdentifier",
)  # fmt: skip


class AutoScalingGroup(Kind):
    type: ClassVar[str] = "AWS::AutoScaling::AutoScalingGroup"
    fixed: ClassVar[tuple[str, ...]] = ("AutoScalingGroupName", "InstanceId")
    changeable: ClassVar[frozenset[str]] = frozenset(
        {"AvailabilityZones", "DefaultInstanceWarmup", "DesiredCapacity", "HealthCheckGracePeriod", "HealthCheckType",
         "LaunchTemplate", "MaxInstanceLifetime", "MaxSize", "MetricsCollection", "MinSize",
         "NewInstancesProtectedFromScaleIn", "TerminationPolicies", "VPCZoneIdentifier"}
    )  # fmt: skip

    def create(self, call: Call, props: Params) -> str:
        if call.attribute("CreationPolicy"):
            raise ResourceError(f"Local AWS's CloudFormation does not do CreationPolicy of {self.type}.")
        name = str(props.get("AutoScalingGroupName") or call.name())
        more = {
            "LifecycleHookSpecificationList": props.get("LifecycleHookSpecificationList"),
            "TargetGroupARNs": props.get("TargetGroupARNs"),
            # The stack's tags have no PropagateAtLaunch: CloudFormation propagates them.
            "Tags": [{"PropagateAtLaunch": True} | tag for tag in props.get("Tags", ())],
        }
        own = _own(props) | more | {"AutoScalingGroupName": name}
        call.do("autoscaling", "create_auto_scaling_group", **own)
        return name

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before:
            call.do("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=physical_id, **_own(props))
        if props.get("MetricsCollection") != before.get("MetricsCollection"):
            for each in before.get("MetricsCollection", ()):
                call.do("autoscaling", "disable_metrics_collection", AutoScalingGroupName=physical_id,
                        Metrics=each.get("Metrics"))  # fmt: skip
            for each in props.get("MetricsCollection", ()):
                call.do("autoscaling", "enable_metrics_collection", AutoScalingGroupName=physical_id, **each)
        if before and any(props.get(name) != before.get(name) for name in _ROLLS):
            rolling_update(call, physical_id, call.attribute("UpdatePolicy") or {})
        elif not before:
            self._stabilize(call, physical_id)

    def _stabilize(self, call: Call, name: str) -> None:
        """A group that cannot launch an instance is not made; AWS waits longer before it says the same."""

        def stable() -> bool:
            group = described(call, name)
            held = sum(each["LifecycleState"] == "InService" for each in group["Instances"])
            if held < group["DesiredCapacity"] and len(failed := failures(call, name)) >= FAILURES:
                sizes = f"{held}/{group['MinSize']}/{group['DesiredCapacity']}"
                raise ResourceError(
                    f"Group did not stabilize. {{current/minimum/target}} size = {{{sizes}}}. {failed[0]}"
                )
            return bool(held >= group["DesiredCapacity"])

        call.wait(stable, STABILIZE_SECONDS, f"{name} did not have its instances in service")

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        return {"AutoScalingGroupARN": described(call, physical_id)["AutoScalingGroupARN"]}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        """Its instances go first, drained, with their hooks."""
        name = {"AutoScalingGroupName": physical_id}
        call.do("autoscaling", "update_auto_scaling_group", **name, MinSize=0, MaxSize=0, DesiredCapacity=0)
        call.wait(lambda: not described(call, physical_id)["Instances"], STABILIZE_SECONDS,
                  f"{physical_id} did not end its instances")  # fmt: skip
        call.do("autoscaling", "delete_auto_scaling_group", **name)


def _own(props: Params) -> Params:
    """What creating and updating take."""
    subnets = props.get("VPCZoneIdentifier")
    return without(props, *_APART) | {"VPCZoneIdentifier": ",".join(subnets) if subnets else None}


KINDS = (AutoScalingGroup(),)
