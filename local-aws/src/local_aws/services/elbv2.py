"""Elastic Load Balancing v2: the emulator keeps what was declared; a real proxy does it, and says how targets are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, ClassVar

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.elbv2_routes import refuse_what_is_not_done
from local_aws.services.elbv2_targets import Targets
from local_aws.services.elbv2_watch import LoadBalancers
from local_aws.wire import AwsError, AwsRequest, Params

log = logging.getLogger("local_aws.elbv2")

LOOK_SECONDS = 0.5


class ElasticLoadBalancing(Service):
    name: ClassVar[str] = "elbv2"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.targets = Targets(ctx)
        self.balancers = LoadBalancers(ctx, self.targets)
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.balancers.refresh()
        self._watch = asyncio.create_task(self._run(), name="load balancers")

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await asyncio.to_thread(self.balancers.look)
            except Exception:
                log.exception("the load balancers could not be looked after")

    @action("CreateLoadBalancer")
    async def create_load_balancer(self, request: AwsRequest) -> Params:
        if request.params.get("Type", "application") != "application":
            raise AwsError("InvalidConfigurationRequest", "Local AWS has application load balancers only.")
        result = await self.ctx.upstream(request)
        return self._shown(result)

    @action("DescribeLoadBalancers", "SetSubnets", "SetSecurityGroups")
    async def describe_load_balancers(self, request: AwsRequest) -> Params:
        return self._shown(await self.ctx.upstream(request))

    def _shown(self, result: Params) -> Params:
        """The DNS name leads to the proxy: http://<DNSName>/ is the first listener."""
        shown = [balancer | self._address(balancer) for balancer in result.get("LoadBalancers", [])]
        return result | ({"LoadBalancers": shown} if shown else {})

    def _address(self, balancer: Params) -> Params:
        return {"DNSName": f"127.0.0.1:{self.balancers.ports.main(balancer['LoadBalancerArn'])}"}

    @action("DeleteLoadBalancer")
    async def delete_load_balancer(self, request: AwsRequest) -> Params:
        arn = request.params["LoadBalancerArn"]
        listeners = await self._described("DescribeListeners", "Listeners", LoadBalancerArn=arn)
        result = await self._changed(request)
        self.balancers.ports.forget(arn)
        for listener in listeners:  # AWS takes them along; the emulator leaves them behind
            await self._call("DeleteListener", ListenerArn=listener["ListenerArn"])
        await self.balancers.refresh()
        return result

    @action("CreateListener", "ModifyListener", "CreateRule", "ModifyRule")
    async def change_routing(self, request: AwsRequest) -> Params:
        params = request.params
        actions = params.get("DefaultActions") or params.get("Actions") or []
        refuse_what_is_not_done(actions, params.get("Conditions") or [])
        return await self._changed(request)

    @action("DeleteListener", "DeleteRule", "SetRulePriorities", "ModifyLoadBalancerAttributes", "ModifyTargetGroup")
    async def change(self, request: AwsRequest) -> Params:
        return await self._changed(request)

    @action("CreateTargetGroup")
    async def create_target_group(self, request: AwsRequest) -> Params:
        """Of instances and addresses of this machine; functions are reached by their own URLs."""
        if request.params.get("TargetType", "instance") not in ("instance", "ip"):
            raise AwsError("ValidationError", "Local AWS has target groups of instances and IP addresses only.")
        return await self._changed(request)

    @action("ModifyTargetGroupAttributes")
    async def modify_target_group_attributes(self, request: AwsRequest) -> Params:
        wanted = {entry["Key"]: entry.get("Value") for entry in request.params.get("Attributes", [])}
        if wanted.get("stickiness.enabled") == "true":
            raise AwsError(
                "InvalidConfigurationRequest", "Local AWS has no stickiness: a target is chosen for each request."
            )
        return await self._changed(request)

    @action("DeleteTargetGroup")
    async def delete_target_group(self, request: AwsRequest) -> Params:
        result = await self._changed(request)
        self.targets.forget(request.params["TargetGroupArn"])
        return result

    @action("RegisterTargets")
    async def register_targets(self, request: AwsRequest) -> Params:
        arn = request.params["TargetGroupArn"]
        group = await self._target_group(arn)
        self.targets.register(arn, request.params["Targets"], group.get("Port", 80))
        await self.balancers.refresh()
        return {}

    @action("DeregisterTargets")
    async def deregister_targets(self, request: AwsRequest) -> Params:
        arn = request.params["TargetGroupArn"]
        await self._target_group(arn)
        self.targets.deregister(arn, request.params["Targets"])
        await asyncio.to_thread(self.balancers.write_endpoints, arn)
        return {}

    @action("DescribeTargetHealth")
    async def describe_target_health(self, request: AwsRequest) -> Params:
        arn = request.params["TargetGroupArn"]
        await self._target_group(arn)
        wanted = {target["Id"] for target in request.params.get("Targets") or []}
        described = await asyncio.to_thread(self.balancers.health, arn)
        return {"TargetHealthDescriptions": [
            entry for entry in described if not wanted or entry["Target"]["Id"] in wanted
        ]}  # fmt: skip

    async def _target_group(self, arn: str) -> Params:
        return (await self._described("DescribeTargetGroups", "TargetGroups", TargetGroupArns=[arn]))[0]

    async def _changed(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        await self.balancers.refresh()
        return result

    async def _described(self, verb: str, name: str, **params: Any) -> list[Params]:
        found: list[Params] = (await self._call(verb, **params)).get(name, [])
        return found

    async def _call(self, verb: str, **params: Any) -> Params:
        return await self.balancers.call(verb, **params)
