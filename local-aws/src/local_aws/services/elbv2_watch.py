"""Keeps the proxy as the control plane says, looks at the targets twice a second, and publishes what was counted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

from local_aws.context import Context
from local_aws.internal_call import call_upstream
from local_aws.services import autoscaling_samples, elbv2_health, elbv2_metrics
from local_aws.services.elbv2_envoy import Balancer, World
from local_aws.services.elbv2_proxy import Proxy, observed_of
from local_aws.services.elbv2_targets import Ports, Targets
from local_aws.wire import Params


class LoadBalancers:
    """`world` is the control plane as it was read last: every change of it reads it anew."""

    def __init__(self, ctx: Context, targets: Targets) -> None:
        self.ctx, self.targets, self.ports, self.proxy = ctx, targets, Ports(ctx), Proxy(ctx)
        self.world = World()
        self._delays: dict[str, float] = {}
        self._meter = elbv2_metrics.Meter()
        self._published = time.monotonic()
        self._refreshing = asyncio.Lock()

    async def call(self, verb: str, **params: Any) -> Params:
        return await call_upstream(self.ctx, "elbv2", verb, **params)

    async def refresh(self) -> None:
        """Read what is declared and make the proxy do it."""
        async with self._refreshing:
            groups = {
                group["TargetGroupArn"]: group for group in await self._all("DescribeTargetGroups", "TargetGroups")
            }
            balancers = [
                await self._balancer(found) for found in await self._all("DescribeLoadBalancers", "LoadBalancers")
            ]
            for arn in groups:
                attributes = await self._attributes("DescribeTargetGroupAttributes", TargetGroupArn=arn)
                self._delays[arn] = float(attributes.get("deregistration_delay.timeout_seconds") or 300)
            endpoints = {arn: self.targets.endpoints(arn) for arn in groups}
            self.world = World(balancers, _with_balancers(groups, balancers), endpoints)
            await asyncio.to_thread(self.proxy.apply, self.world)

    async def _all(self, verb: str, name: str, **params: Any) -> list[Params]:
        found: list[Params] = (await self.call(verb, **params)).get(name, [])
        return found

    async def _attributes(self, verb: str, **params: Any) -> dict[str, str]:
        return {entry["Key"]: entry["Value"] for entry in await self._all(verb, "Attributes", **params)}

    async def _balancer(self, found: Params) -> Balancer:
        arn = found["LoadBalancerArn"]
        listeners = await self._all("DescribeListeners", "Listeners", LoadBalancerArn=arn)
        served = [each["ListenerArn"] for each in listeners if each.get("Protocol") == "HTTP"]
        rules = {each: await self._all("DescribeRules", "Rules", ListenerArn=each) for each in served}
        attributes = await self._attributes("DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
        idle = float(attributes.get("idle_timeout.timeout_seconds") or 60)
        return Balancer(arn, idle, rules, self.ports.assign(arn, served))

    def write_endpoints(self, arn: str) -> None:
        if self.world.balancers:
            self.proxy.write_endpoints(arn, self.targets.endpoints(arn))

    def look(self) -> None:
        """One turn: drained targets go, instances that are gone get no more requests, counts become metrics."""
        if not self.world.balancers:
            return
        observed = self.proxy.observed()
        for arn, group in self.world.groups.items():
            gone, healthy = set(), set()
            for key, target in self.targets.of(arn).items():
                seen = observed_of(observed, arn, self.targets.port(target))
                if elbv2_health.drained(target, seen, self._delays.get(arn, 300.0), time.time()):
                    gone.add(key)
                elif not target["SeenHealthy"] and seen.failing is False and group.get("HealthCheckEnabled", True):
                    healthy.add(key)
            if gone or healthy:
                self.targets.change(arn, gone=gone, healthy=healthy)
            self.write_endpoints(arn)
        if time.monotonic() - self._published >= autoscaling_samples.period_seconds():
            self._published = time.monotonic()
            self._publish()

    def health(self, arn: str) -> list[Params]:
        """TargetHealthDescriptions."""
        group, observed = self.world.groups.get(arn, {}), self.proxy.observed() if self.world.balancers else {}
        described = []
        for target in self.targets.of(arn).values():
            port = self.targets.port(target)
            told = elbv2_health.state(
                target | {"Running": port is not None},
                observed_of(observed, arn, port),
                group | {"InUse": bool(group.get("LoadBalancerArns"))},
                time.time(),
            )
            described.append(
                {
                    "Target": {"Id": target["Id"], "Port": target["Port"]},
                    "HealthCheckPort": str(target["Port"]),
                    "TargetHealth": told,
                }
            )
        return described

    def _publish(self) -> None:
        health = {
            arn: Counter(entry["TargetHealth"]["State"] for entry in self.health(arn)) for arn in self.world.groups
        }
        added = self._meter.added(self.proxy.counters())
        period = elbv2_metrics.Period(added, self.proxy.own_errors(), health)
        for point in elbv2_metrics.points(self.world, period):
            autoscaling_samples.publish(self.ctx, point)


def _with_balancers(groups: dict[str, Params], balancers: list[Balancer]) -> dict[str, Params]:
    """Each group with the load balancers whose rules forward to it, as AWS derives it."""
    users: dict[str, list[str]] = {}
    for balancer in balancers:
        steps = [step for rules in balancer.listeners.values() for rule in rules for step in rule["Actions"]]
        for step in steps:
            named = [entry["TargetGroupArn"] for entry in step.get("ForwardConfig", {}).get("TargetGroups", [])]
            for arn in {*named, *([step["TargetGroupArn"]] if step.get("TargetGroupArn") else [])}:
                users.setdefault(arn, [])
                if balancer.arn not in users[arn]:
                    users[arn].append(balancer.arn)
    return {arn: group | {"LoadBalancerArns": users.get(arn, [])} for arn, group in groups.items()}
