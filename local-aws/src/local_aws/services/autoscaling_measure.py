"""Measures of groups and their instances, once a period: AWS/EC2 CPUUtilization, AWS/AutoScaling's sizes."""

from __future__ import annotations

import time
from collections import Counter

from local_aws.context import Context
from local_aws.services import autoscaling_samples, instance_process
from local_aws.services.autoscaling_members import Members
from local_aws.services.autoscaling_plan import COMING, GOING
from local_aws.services.autoscaling_samples import Point
from local_aws.wire import Params


class Measures:
    """An instance is taken for one processor: a busy one is at 100 %."""

    def __init__(self, ctx: Context, members: Members) -> None:
        self.ctx, self.members = ctx, members
        self._published = time.monotonic()
        self._cpu: dict[str, float] = {}

    def _put(self, point: Point) -> None:
        autoscaling_samples.publish(self.ctx, point)

    def publish(self, groups: list[Params]) -> None:
        """When a period is over."""
        elapsed = time.monotonic() - self._published
        if elapsed < autoscaling_samples.period_seconds():
            return
        self._published = time.monotonic()
        before, self._cpu = self._cpu, {}
        for group in groups:
            instances = self.members.of(group["AutoScalingGroupName"])
            self._publish_cpu(group, instances, before, elapsed)
            if group["EnabledMetrics"]:
                self._publish_sizes(group, instances)

    def _publish_cpu(self, group: Params, instances: list[Params], before: dict[str, float], elapsed: float) -> None:
        used = []
        for instance in instances:
            name = instance["InstanceId"]
            self._cpu[name] = instance_process.cpu_seconds(instance)
            if name in before and instance["LifecycleState"] == "InService":
                percent = min(max(100.0 * (self._cpu[name] - before[name]) / elapsed, 0.0), 100.0)
                used.append(percent)
                self._put(Point("AWS/EC2", "CPUUtilization", percent, "Percent", {"InstanceId": name}))
        if used:
            dimension = {"AutoScalingGroupName": group["AutoScalingGroupName"]}
            self._put(Point("AWS/EC2", "CPUUtilization", sum(used) / len(used), "Percent", dimension))

    def _publish_sizes(self, group: Params, instances: list[Params]) -> None:
        states = Counter(instance["LifecycleState"] for instance in instances)
        sizes = {
            "GroupMinSize": group["MinSize"],
            "GroupMaxSize": group["MaxSize"],
            "GroupDesiredCapacity": group["DesiredCapacity"],
            "GroupInServiceInstances": states["InService"],
            "GroupPendingInstances": sum(states[state] for state in COMING),
            "GroupTerminatingInstances": sum(states[state] for state in GOING),
            "GroupTotalInstances": len(instances),
        }
        enabled = {entry["Metric"] for entry in group["EnabledMetrics"]}
        dimension = {"AutoScalingGroupName": group["AutoScalingGroupName"]}
        for name in enabled & sizes.keys():
            self._put(Point("AWS/AutoScaling", name, sizes[name], "None", dimension))
