"""What the proxy counted, as CloudWatch's metrics of a load balancer (AWS/ApplicationELB)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from local_aws.services.autoscaling_samples import Point
from local_aws.services.elbv2_envoy import World
from local_aws.services.elbv2_proxy import Sample
from local_aws.services.elbv2_routes import cluster_name

NAMESPACE = "AWS/ApplicationELB"
Totals = dict[tuple[str, str], float]  # (cluster, what) → counted since the proxy started


@dataclass(frozen=True)
class Period:
    """What happened in one: counts added, answers of the balancers' own, and states of targets by group now."""

    added: Totals
    errors: list[dict[str, Any]]
    health: dict[str, Counter[str]]


@dataclass
class Meter:
    """Keeps the last totals: a metric is what was added since."""

    last: Totals = field(default_factory=dict)

    def added(self, samples: Iterable[Sample]) -> Totals:
        now = totals(samples)
        # A proxy that was started again counts from nought: less than before is all new.
        grown = {key: value - self.last.get(key, 0.0) for key, value in now.items()}
        added = {key: change if change >= 0 else now[key] for key, change in grown.items()}
        self.last = now
        return added


def totals(samples: Iterable[Sample]) -> Totals:
    found: Totals = {}
    for sample in samples:
        cluster = sample.labels.get("envoy_cluster_name", "")
        name = sample.name.removeprefix("cluster_")
        if name.endswith("upstream_rq_xx"):
            found[cluster, f"{sample.labels['envoy_response_code_class']}XX"] = sample.value
        elif name in ("upstream_rq_time_sum", "upstream_rq_time_count"):
            found[cluster, name.rpartition("_")[2]] = sample.value
    return found


def points(world: World, period: Period) -> Iterator[Point]:
    """One period's data points."""
    for balancer in world.balancers:
        own = Counter(str(error["status"]) for error in period.errors if error["balancer"] == balancer.name)
        dimension = {"LoadBalancer": balancer.name}
        for digit in "45":
            if total := sum(count for code, count in own.items() if code.startswith(digit)):
                yield _count(f"HTTPCode_ELB_{digit}XX_Count", total, dimension)
        for code, count in own.items():
            yield _count(f"HTTPCode_ELB_{code}_Count", count, dimension)
        groups = [arn for arn, group in world.groups.items() if balancer.arn in group.get("LoadBalancerArns", [])]
        for arn in groups:
            yield from _group_points(dimension, arn, period)
        yield _count("RequestCount", sum(_requests(cluster_name(arn), period) for arn in groups), dimension)


def _group_points(balancer: dict[str, str], arn: str, period: Period) -> Iterator[Point]:
    cluster, states = cluster_name(arn), period.health.get(arn, Counter())
    group = {"TargetGroup": cluster}
    both = balancer | group
    for code, count in _answered(cluster, period).items():
        if count:
            yield _count(f"HTTPCode_Target_{code}_Count", count, both)
            yield _count(f"HTTPCode_Target_{code}_Count", count, balancer)
    requests = _requests(cluster, period)
    yield _count("RequestCount", requests, both)
    targets = max(states["healthy"] or states["unhealthy"], 1)
    for dimensions in (group, both):
        yield _count("RequestCountPerTarget", requests / targets, dimensions)
    if timed := period.added.get((cluster, "count"), 0.0):
        mean = period.added.get((cluster, "sum"), 0.0) / timed / 1000
        yield Point(NAMESPACE, "TargetResponseTime", mean, "Seconds", both)
        yield Point(NAMESPACE, "TargetResponseTime", mean, "Seconds", balancer)
    yield _count("HealthyHostCount", states["healthy"], both)
    yield _count("UnHealthyHostCount", states["unhealthy"], both)


def _failed(cluster: str, period: Period) -> Counter[str]:
    """Answers of the balancer's own for a target group, by class: the proxy counts them as the targets', too."""
    return Counter(f"{str(error['status'])[0]}XX" for error in period.errors if error["cluster"] == cluster)


def _answered(cluster: str, period: Period) -> dict[str, float]:
    failed = _failed(cluster, period)
    return {
        code: max(period.added.get((cluster, code), 0.0) - failed[code], 0.0) for code in ("2XX", "3XX", "4XX", "5XX")
    }


def _requests(cluster: str, period: Period) -> float:
    return sum(_answered(cluster, period).values()) + _failed(cluster, period).total()


def _count(name: str, value: float, dimensions: dict[str, str]) -> Point:
    return Point(NAMESPACE, name, value, "Count", dimensions)
