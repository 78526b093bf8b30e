"""Security group rules that name a prefix list, amended: the emulator records such a rule and forgets the list."""

from __future__ import annotations

from typing import Any

from local_aws.services.base import Service, action
from local_aws.wire import AwsRequest, Params


class PrefixRules(Service):
    """Rules are stored, not applied; what was said of them is read back as it was set."""

    name = "ec2"

    @action("AuthorizeSecurityGroupEgress")
    async def authorize_egress(self, request: AwsRequest) -> Params:
        return self._remembered(request, await self.ctx.upstream(request))

    @action("AuthorizeSecurityGroupIngress")
    async def authorize_ingress(self, request: AwsRequest) -> Params:
        return self._remembered(request, await self.ctx.upstream(request))

    @action("DescribeSecurityGroupRules")
    async def describe_rules(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        return result | {"SecurityGroupRules": [self._completed(rule) for rule in result.get("SecurityGroupRules", [])]}

    def _remembered(self, request: AwsRequest, result: Params) -> Params:
        lists = [
            named
            for permission in request.params.get("IpPermissions") or []
            for named in permission.get("PrefixListIds") or []
        ]
        rules = result.get("SecurityGroupRules", [])
        if lists and len(rules) == len(lists):
            for rule, named in zip(rules, lists, strict=True):
                self._details()[rule["SecurityGroupRuleId"]] = named
        return result | {"SecurityGroupRules": [self._completed(rule) for rule in rules]}

    def _completed(self, rule: Params) -> Params:
        return rule | (self._details().get(rule["SecurityGroupRuleId"]) or {})

    def _details(self) -> Any:
        return self.ctx.table("ec2.prefix_rules")
