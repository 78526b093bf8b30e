"""Target tracking policies, followed: the metrics of the last periods decide a group's desired capacity."""

from __future__ import annotations

import logging
import time

from local_aws.context import Context
from local_aws.services import autoscaling_plan as plan
from local_aws.services import autoscaling_samples as samples
from local_aws.services import autoscaling_tracking as tracking
from local_aws.store import Table
from local_aws.wire import Params

log = logging.getLogger("local_aws.autoscaling")

DEFAULT_WARMUP_SECONDS = 300


class Scaling:
    def __init__(self, ctx: Context, groups: Table) -> None:
        self.ctx, self.groups = ctx, groups
        self._looked: dict[str, float] = {}

    def tracked(self, group: Params, instances: list[Params]) -> Params:
        """The group with the capacity that its policies want, looked at once a period."""
        name = group["AutoScalingGroupName"]
        now = time.time()
        if now - self._looked.get(name, 0.0) < samples.period_seconds():
            return group
        self._looked[name] = now
        policies = self.ctx.client("autoscaling").describe_policies(AutoScalingGroupName=name)["ScalingPolicies"]
        wishes = [wish for policy in policies if (wish := self._wish(group, policy, instances)) is not None]
        current = group["DesiredCapacity"]
        wanted = plan.bounded(tracking.combined(current, wishes), group["MinSize"], group["MaxSize"])
        if wanted == current or "AlarmNotification" in {each["ProcessName"] for each in group["SuspendedProcesses"]}:
            return group
        log.info("%s: target tracking changes the desired capacity from %d to %d (clock factor %g)",
                 name, current, wanted, samples.clock_factor())  # fmt: skip
        return self.groups.update_fields(name, DesiredCapacity=wanted, ScaledAt=now)

    def _wish(self, group: Params, policy: Params, instances: list[Params]) -> int | None:
        """None for a policy of another kind, or one that is switched off."""
        configuration = policy.get("TargetTrackingConfiguration")
        if not configuration or policy.get("Enabled") is False:
            return None
        specification = configuration.get("PredefinedMetricSpecification") or {}
        metric = tracking.metric_of(specification, group["AutoScalingGroupName"])
        if metric is None:
            return None
        factor = samples.clock_factor()
        warmup = policy.get("EstimatedInstanceWarmup") or group.get("DefaultInstanceWarmup") or DEFAULT_WARMUP_SECONDS
        newest = max((entry["InServiceAt"] or time.time() for entry in instances), default=0.0)
        scaled = group["ScaledAt"]
        if newest > scaled and time.time() < newest + warmup / factor:
            return None  # what is new has not shown yet what it takes off the others
        values = samples.samples_of(self.ctx).after(metric.name, dict(metric.dimensions), max(scaled, newest))
        per_minute = 60.0 / samples.period_seconds() if metric.per_minute else 1.0
        return tracking.wanted_capacity(
            [value * per_minute for value in values],
            float(configuration["TargetValue"]),
            group["DesiredCapacity"],
            scale_in=not configuration.get("DisableScaleIn"),
        )
