"""Scaling activities: what a group did, why, and how it went."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from local_aws.context import Context
from local_aws.wire import Params

MOST_PER_GROUP = 100


class Activities:
    def __init__(self, ctx: Context) -> None:
        self._table = ctx.table("autoscaling.activities")

    def begin(self, group: str, description: str, cause: str, zone: str = "") -> str:
        activity = str(uuid.uuid4())
        details = f'{{"Availability Zone":"{zone}"}}' if zone else "{}"
        self._table[activity] = {
            "ActivityId": activity, "AutoScalingGroupName": group, "Description": description, "Cause": cause,
            "StartTime": datetime.now(UTC), "StatusCode": "InProgress", "Progress": 50, "Details": details,
        }  # fmt: skip
        for old in self.of(group)[MOST_PER_GROUP:]:
            self._table.pop(old["ActivityId"], None)
        return activity

    def end(self, activity: str, *, failure: str = "") -> None:
        if activity in self._table:
            self._table.update_fields(
                activity,
                EndTime=datetime.now(UTC),
                StatusCode="Failed" if failure else "Successful",
                Progress=100,
                **({"StatusMessage": failure} if failure else {}),
            )

    def of(self, group: str | None = None) -> list[Params]:
        """Newest first."""
        found = [entry for entry in self._table.values() if group in (None, entry["AutoScalingGroupName"])]
        return sorted(found, key=lambda entry: entry["StartTime"], reverse=True)

    def forget(self, group: str) -> None:
        for entry in self.of(group):
            self._table.pop(entry["ActivityId"], None)


def cause(reason: str) -> str:
    return f"At {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {reason}"
