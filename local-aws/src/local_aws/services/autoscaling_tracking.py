"""Target tracking: what a policy makes of its metric (EC2 Auto Scaling User Guide, "Target tracking"). Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

OUT_PERIODS = 3  # AlarmHigh: three minutes above the target
IN_PERIODS = 15  # AlarmLow: fifteen minutes below nine tenths of it
IN_SHARE = 0.9


@dataclass(frozen=True)
class Metric:
    """Where a policy's number comes from. `per_minute`: it is a count, which a shorter period scales."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    per_minute: bool = False


def metric_of(specification: dict[str, str], group: str) -> Metric | None:
    """None for a metric that local AWS does not measure."""
    kind, label = specification.get("PredefinedMetricType"), specification.get("ResourceLabel", "")
    if kind == "ASGAverageCPUUtilization":
        return Metric("CPUUtilization", (("AutoScalingGroupName", group),))
    if kind == "ALBRequestCountPerTarget" and "/targetgroup/" in label:
        # app/<name>/<id>/targetgroup/<name>/<id>: the point is the target group's
        return Metric(
            "RequestCountPerTarget", (("TargetGroup", "targetgroup/" + label.partition("/targetgroup/")[2]),), True
        )
    return None


def wanted_capacity(values: Sequence[float], target: float, current: int, *, scale_in: bool) -> int:
    """The capacity that brings the metric to its target; the current one while neither alarm is on.

    `values`: one a period, oldest first, since the last change of capacity.
    """
    if current == 0 or not values:
        return current
    if len(values) >= OUT_PERIODS and all(value > target for value in values[-OUT_PERIODS:]):
        return max(math.ceil(current * values[-1] / target), current + 1)
    if scale_in and len(values) >= IN_PERIODS and all(value < target * IN_SHARE for value in values[-IN_PERIODS:]):
        # The busiest period decides: what is left must bear it.
        return min(max(math.ceil(current * max(values[-IN_PERIODS:]) / target), 1), current)
    return current


def combined(current: int, wishes: Sequence[int]) -> int:
    """Of several policies the largest capacity; in only when all agree."""
    return max(wishes, default=current)
