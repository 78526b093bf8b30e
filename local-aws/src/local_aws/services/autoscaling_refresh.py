"""Instance refreshes: rolling, as the plan says, until no instance of before is left."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from local_aws.services import autoscaling_plan as plan
from local_aws.services.autoscaling_plan import Member, RefreshStep
from local_aws.store import Table
from local_aws.wire import AwsError, Params

ACTIVE = ("Pending", "InProgress")
_PRIVATE = frozenset({"Old", "Total"})


class Refreshes:
    """Kept in their group's record, newest first."""

    def __init__(self, groups: Table) -> None:
        self.groups = groups

    def begin(self, group: Params, instances: list[Params], params: Params) -> str:
        if _active(group):
            message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
            raise AwsError("InstanceRefreshInProgress", message)
        preferences = params.get("Preferences") or {}
        version = group["LaunchTemplate"]["Version"] if preferences.get("SkipMatching") else None
        old = [
            entry["InstanceId"]
            for entry in instances
            if entry["LifecycleState"] not in plan.GOING and entry["LaunchTemplate"]["Version"] != version
        ]
        refresh = {
            "InstanceRefreshId": str(uuid.uuid4()),
            "AutoScalingGroupName": group["AutoScalingGroupName"],
            "Status": "InProgress",
            "StartTime": datetime.now(UTC),
            "PercentageComplete": 0,
            "InstancesToUpdate": len(old),
            "Preferences": {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 100} | preferences,
            "Old": old,
            "Total": max(len(old), 1),
        }
        self._write(group, [refresh, *group["Refreshes"]])
        return str(refresh["InstanceRefreshId"])

    def step(self, group: Params, members: list[Member], ready: set[str]) -> RefreshStep:
        """What to do now; progress is noted."""
        refresh = _active(group)
        if refresh is None:
            return RefreshStep()
        old, preferences = set(refresh["Old"]), refresh["Preferences"]
        bounds = (preferences["MinHealthyPercentage"], preferences["MaxHealthyPercentage"])
        step = plan.refresh_step(members, old, ready, group["DesiredCapacity"], bounds)
        left = [member.id for member in plan.active(members) if member.id in old]
        progress: dict[str, Any] = {
            "PercentageComplete": 100 * (refresh["Total"] - len(left)) // refresh["Total"],
            "InstancesToUpdate": len(left),
        }
        if step.done:
            progress |= {"Status": "Successful", "EndTime": datetime.now(UTC), "PercentageComplete": 100}
        if progress.items() - {(key, refresh.get(key)) for key in progress}:
            self._replace(group, refresh | progress)
        return step

    def cancel(self, group: Params) -> str:
        refresh = _active(group)
        if refresh is None:
            raise AwsError("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")
        self._replace(group, refresh | {"Status": "Cancelled", "EndTime": datetime.now(UTC)})
        return str(refresh["InstanceRefreshId"])

    def _replace(self, group: Params, refresh: Params) -> None:
        self._write(group, [refresh, *group["Refreshes"][1:]])

    def _write(self, group: Params, refreshes: list[Params]) -> None:
        self.groups.update_fields(group["AutoScalingGroupName"], Refreshes=refreshes[:20])


def _active(group: Params) -> Params | None:
    newest = next(iter(group["Refreshes"]), None)
    return newest if newest and newest["Status"] in ACTIVE else None


def described(refresh: Params) -> Params:
    return {name: value for name, value in refresh.items() if name not in _PRIVATE}
