"""Redshift Serverless: usage limits, which bound what a workgroup costs."""

from __future__ import annotations

import uuid
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.redshift_records import Warehouses, arn, conflict, invalid, not_found, page
from local_aws.wire import AwsRequest, Params

_PERIODS, _ACTIONS = ("daily", "weekly", "monthly"), ("log", "emit-metric", "deactivate")


class RedshiftUsageLimits(Service):
    """Stored and returned: nothing here costs what they limit."""

    name: ClassVar[str] = "redshift-serverless"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.warehouses = Warehouses.of(ctx)
        self.limits = ctx.table("redshift.usage_limits")

    @action("CreateUsageLimit")
    async def create_usage_limit(self, request: AwsRequest) -> Params:
        params = request.params
        if not self.warehouses.exists(params["resourceArn"]):
            raise not_found(f"The resource {params['resourceArn']} does not exist.")
        identifier = str(uuid.uuid4())
        record = _checked(
            {
                "usageLimitId": identifier,
                "usageLimitArn": arn("usagelimit", identifier),
                "resourceArn": params["resourceArn"],
                "usageType": params["usageType"],
                "amount": params["amount"],
                "period": params.get("period") or "monthly",
                "breachAction": params.get("breachAction") or "log",
            }
        )
        same = ("resourceArn", "usageType", "period", "breachAction")
        if any(all(known[key] == record[key] for key in same) for known in self.limits.values()):
            raise conflict("A usage limit of this type, period and action exists for the resource.")
        self.limits[identifier] = record
        return {"usageLimit": record}

    @action("GetUsageLimit")
    async def get_usage_limit(self, request: AwsRequest) -> Params:
        return {"usageLimit": self._known(request)}

    @action("UpdateUsageLimit")
    async def update_usage_limit(self, request: AwsRequest) -> Params:
        changes = {key: request.params[key] for key in ("amount", "breachAction") if key in request.params}
        record = _checked(self._known(request) | changes)
        self.limits[record["usageLimitId"]] = record
        return {"usageLimit": record}

    @action("DeleteUsageLimit")
    async def delete_usage_limit(self, request: AwsRequest) -> Params:
        record = self._known(request)
        del self.limits[record["usageLimitId"]]
        return {"usageLimit": record}

    @action("ListUsageLimits")
    async def list_usage_limits(self, request: AwsRequest) -> Params:
        wanted = request.params.get("resourceArn")
        found, token = page((r for r in self.limits.values() if wanted in (None, r["resourceArn"])), request.params)
        return {"usageLimits": found} | ({"nextToken": token} if token else {})

    def _known(self, request: AwsRequest) -> Params:
        identifier = request.params["usageLimitId"]
        if identifier not in self.limits:
            raise not_found(f"The usage limit {identifier} does not exist.")
        return self.limits[identifier]


def _checked(record: Params) -> Params:
    if record["amount"] <= 0:
        raise invalid(f"The amount of a usage limit is positive, got {record['amount']}.")
    if record["period"] not in _PERIODS or record["breachAction"] not in _ACTIONS:
        raise invalid(f"A usage limit's period is one of {_PERIODS}, its breachAction one of {_ACTIONS}.")
    return record
