"""AutoScalingRollingUpdate of an Auto Scaling group's UpdatePolicy, by an instance refresh."""

from __future__ import annotations

import re

from local_aws.services.cloudformation_resource import Call, ResourceError, refuse_others
from local_aws.wire import Params

FAILURES = 3  # launches that failed, after which no other is waited for
LEAST_SECONDS = 300.0  # for all batches together, whatever PauseTime says
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_DONE = frozenset({"MaxBatchSize", "MinInstancesInService", "PauseTime", "SuspendProcesses", "WaitOnResourceSignals"})
_SUSPENDED = frozenset({"AlarmNotification", "Launch"})  # of Auto Scaling's processes, those that local AWS has


def rolling_update(call: Call, group: str, update_policy: Params) -> None:
    """Replace the instances as the policy says; without one they stay as they are.

    The next batch comes when the last one is healthy, and all of them within as many PauseTimes as there are batches.
    """
    refuse_others("UpdatePolicy", update_policy, frozenset({"AutoScalingRollingUpdate"}))
    policy = update_policy.get("AutoScalingRollingUpdate")
    if policy is None:
        return
    refuse_others("AutoScalingRollingUpdate", policy, _DONE)
    if str(policy.get("WaitOnResourceSignals", "false")).lower() == "true":
        raise ResourceError("Local AWS's CloudFormation does not do WaitOnResourceSignals of an UpdatePolicy.")
    desired, most = (int(described(call, group)[name]) for name in ("DesiredCapacity", "MaxSize"))
    if desired == 0:
        return
    batch, least = int(policy.get("MaxBatchSize", 1)), int(policy.get("MinInstancesInService", 0))
    if least >= most:
        raise ResourceError("MinInstancesInService must be less than the autoscaling group's MaxSize")
    seconds = max(LEAST_SECONDS, -(-desired // batch) * duration(str(policy.get("PauseTime", "PT0S"))))
    suspended = sorted(_SUSPENDED & set(policy.get("SuspendProcesses", ())))
    with_group = {"AutoScalingGroupName": group}
    if suspended:
        call.do("autoscaling", "suspend_processes", **with_group, ScalingProcesses=suspended)
    try:
        _refresh(call, group, percentages(desired, batch, least), seconds)
    finally:
        if suspended:
            call.do("autoscaling", "resume_processes", **with_group, ScalingProcesses=suspended)


def percentages(desired: int, batch: int, least: int) -> Params:
    """Least and most healthy instances, in percent of desired: a batch goes first where as many may be missing, and
    comes on top where not."""
    floor = min(max(least, desired - batch), desired)
    ceiling = desired + (batch if floor == desired else 0)
    return {
        "MinHealthyPercentage": 100 * floor // desired,
        "MaxHealthyPercentage": min(-(-100 * ceiling // desired), 200),
    }


def duration(text: str) -> float:
    """Seconds of an ISO 8601 duration as UpdatePolicy takes it: PT3M, PT1H30M."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ResourceError(f"PauseTime {text} is not like PT#H#M#S.")
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def _refresh(call: Call, group: str, preferences: Params, seconds: float) -> None:
    name, failed_before = {"AutoScalingGroupName": group}, len(failures(call, group))
    started = call.do("autoscaling", "start_instance_refresh", **name, Preferences=preferences)["InstanceRefreshId"]

    def over() -> bool:
        asked = {"InstanceRefreshIds": [started]}
        (refresh,) = call.do("autoscaling", "describe_instance_refreshes", **name, **asked)["InstanceRefreshes"]
        if refresh["Status"] in ("Cancelled", "Failed"):
            raise ResourceError(f"The instance refresh of {group} ended as {refresh['Status']}.")
        failed = failures(call, group)
        if len(failed) - failed_before >= FAILURES:
            raise ResourceError(f"{group} could not launch instances of the new configuration: {failed[0]}")
        return bool(refresh["Status"] == "Successful")

    try:
        call.wait(over, seconds, f"{group} did not have healthy instances of the new configuration")
    except ResourceError:
        call.do("autoscaling", "cancel_instance_refresh", **name)
        raise


def described(call: Call, name: str) -> Params:
    found = call.do("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[name])
    group: Params = found["AutoScalingGroups"][0]
    return group


def failures(call: Call, name: str) -> list[str]:
    """What the activities that failed say, newest first."""
    found = call.do("autoscaling", "describe_scaling_activities", AutoScalingGroupName=name)["Activities"]
    return [str(each.get("StatusMessage", "")) for each in found if each["StatusCode"] == "Failed"]
