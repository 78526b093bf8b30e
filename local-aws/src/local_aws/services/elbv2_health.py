"""What DescribeTargetHealth says of a target (ELB User Guide, "Health checks for your target groups"). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from local_aws.wire import Params


@dataclass(frozen=True)
class Observed:
    """What the proxy sees of a target's address: None when it does not have it (yet)."""

    failing: bool | None = None
    timed_out: bool = False
    active_requests: int = 0


def state(target: Params, observed: Observed, group: Params, now: float) -> Params:
    """TargetHealth. `target`: Registered (seconds), Draining (seconds or None), SeenHealthy, Running; `group`: with
    InUse, and the health check's settings."""
    if target.get("Draining") is not None:
        return _told("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
    if not target.get("Running", True):
        return _told("unused", "Target.InvalidState", "Target is in the stopped state")
    if not group.get("InUse"):
        return _told(
            "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
        )
    if not group.get("HealthCheckEnabled", True) or observed.failing is False:
        return {"State": "healthy"}
    new = not target.get("SeenHealthy") and now - target["Registered"] < first_verdict_seconds(group)
    return _not_healthy(observed, new=new)


def _not_healthy(observed: Observed, *, new: bool) -> Params:
    if observed.failing is None:
        return _told("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
    if new:
        return _told("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
    if observed.timed_out:
        return _told("unhealthy", "Target.Timeout", "Request timed out")
    return _told("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


def first_verdict_seconds(group: Params) -> float:
    """How long a new target may fail before it counts as unhealthy: its threshold of checks."""
    interval, timeout = group.get("HealthCheckIntervalSeconds", 30), group.get("HealthCheckTimeoutSeconds", 5)
    return float(interval * (group.get("UnhealthyThresholdCount", 2) - 1) + timeout)


def drained(target: Params, observed: Observed, delay: float, now: float) -> bool:
    """A target without requests has nothing to wait for, as on AWS; others have until the deregistration delay."""
    begun = target.get("Draining")
    if begun is None:
        return False
    return now - begun >= delay or (now - begun > 1.0 and observed.active_requests == 0)


def _told(name: str, reason: str, description: str) -> Params:
    return {"State": name, "Reason": reason, "Description": description}
