"""Redshift Serverless: workgroups, and credentials for their database."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from local_aws.context import Context
from local_aws.engines.database import new_password
from local_aws.services.base import Service, action
from local_aws.services.redshift_records import (
    PORT,
    Warehouses,
    arn,
    checked_name,
    conflict,
    invalid,
    page,
    tags_of,
)
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import AwsRequest, Params

BASE_CAPACITY = 128
ZONES = 3
IAM_USER = "IAM:root"  # the laptop's one caller
# What GetWorkgroup answers of a workgroup that sets nothing itself.
PARAMETERS = {
    "auto_mv": "true",
    "datestyle": "ISO, MDY",
    "enable_case_sensitive_identifier": "false",
    "enable_user_activity_logging": "true",
    "max_query_execution_time": "14400",
    "query_group": "default",
    "require_ssl": "true",
    "search_path": "$user, public",
    "use_fips_ssl": "false",
}
_COPIED = ("enhancedVpcRouting", "publiclyAccessible", "port", "pricePerformanceTarget", "trackName")


class RedshiftWorkgroups(Service):
    """A workgroup is what queries run on: capacity, network and limits."""

    name: ClassVar[str] = "redshift-serverless"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.warehouses = Warehouses.of(ctx)
        self.tags = ctx.table("redshift.tags")
        self.limits = ctx.table("redshift.usage_limits")

    @action("CreateWorkgroup")
    async def create_workgroup(self, request: AwsRequest) -> Params:
        record = await asyncio.to_thread(self._create, request.params)
        return {"workgroup": record | {"status": "CREATING"}}

    def _create(self, params: Params) -> Params:
        name = checked_name(params["workgroupName"], "Workgroup")
        if name in self.warehouses.workgroups:
            raise conflict(f"Workgroup {name} already exists.")
        namespace = self.warehouses.namespace(params["namespaceName"])["namespaceName"]
        if attached := self.warehouses.workgroups_of(namespace):
            raise conflict(f"Namespace {namespace} already has workgroup {attached[0]}.")
        identifier = str(uuid.uuid4())
        record: Params = {
            "workgroupName": name,
            "workgroupId": identifier,
            "workgroupArn": arn("workgroup", identifier),
            "namespaceName": namespace,
            "baseCapacity": BASE_CAPACITY,
            "enhancedVpcRouting": False,
            "publiclyAccessible": False,
            "port": PORT,
            "trackName": "current",
            "creationDate": datetime.now(UTC),
            "status": "AVAILABLE",
        }
        record = self._settled(record, params)
        self.warehouses.workgroups[name] = record
        self.tags[record["workgroupArn"]] = tags_of(params)
        return record

    def _settled(self, record: Params, params: Params) -> Params:
        """The record with what a call asks for, checked as Redshift checks it."""
        changed = record | {key: params[key] for key in _COPIED if params.get(key) is not None}
        changed |= _capacity(record, params)
        known = {item["parameterKey"]: item["parameterValue"] for item in record.get("configParameters", ())}
        asked = {item["parameterKey"]: item["parameterValue"] for item in params.get("configParameters") or ()}
        merged = PARAMETERS | known | asked
        changed["configParameters"] = [{"parameterKey": key, "parameterValue": merged[key]} for key in sorted(merged)]
        if "subnetIds" in params or "securityGroupIds" in params or "subnetIds" not in record:
            changed |= self._network(record, params)
        host = f"{record['workgroupName']}.{ACCOUNT}.{REGION}.redshift-serverless.amazonaws.com"
        return changed | {"endpoint": {"address": host, "port": changed["port"], "vpcEndpoints": []}}

    def _network(self, record: Params, params: Params) -> Params:
        subnets = params.get("subnetIds") or record.get("subnetIds")
        groups = params.get("securityGroupIds") or record.get("securityGroupIds") or []
        ec2: Any = self.ctx.client("ec2")
        try:
            if not subnets:
                default = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
                subnets = [subnet["SubnetId"] for subnet in default]
            found = ec2.describe_subnets(SubnetIds=list(subnets))["Subnets"]
            if groups:
                ec2.describe_security_groups(GroupIds=list(groups))
        except ClientError as error:
            raise invalid(error.response["Error"]["Message"]) from error
        zones = {subnet["AvailabilityZone"] for subnet in found}
        if len(zones) < ZONES:
            raise invalid(
                f"The subnets lie in {len(zones)} Availability Zones ({', '.join(sorted(zones))}). "
                f"A workgroup needs at least {ZONES} subnets in {ZONES} different ones."
            )
        return {"subnetIds": sorted(subnets), "securityGroupIds": sorted(groups)}

    @action("GetWorkgroup")
    async def get_workgroup(self, request: AwsRequest) -> Params:
        return {"workgroup": self.warehouses.workgroup(request.params["workgroupName"])}

    @action("ListWorkgroups")
    async def list_workgroups(self, request: AwsRequest) -> Params:
        found, token = page(self.warehouses.workgroups.values(), request.params)
        return {"workgroups": found} | ({"nextToken": token} if token else {})

    @action("UpdateWorkgroup")
    async def update_workgroup(self, request: AwsRequest) -> Params:
        name = request.params["workgroupName"]
        record = await asyncio.to_thread(self._settled, self.warehouses.workgroup(name), request.params)
        self.warehouses.workgroups[name] = record
        return {"workgroup": record | {"status": "MODIFYING"}}

    @action("DeleteWorkgroup")
    async def delete_workgroup(self, request: AwsRequest) -> Params:
        name = request.params["workgroupName"]
        record = self.warehouses.workgroup(name)
        del self.warehouses.workgroups[name]
        self.tags.pop(record["workgroupArn"], None)
        for limit in [key for key, known in self.limits.items() if known["resourceArn"] == record["workgroupArn"]]:
            self.limits.pop(limit, None)
        return {"workgroup": record | {"status": "DELETING"}}

    @action("GetCredentials")
    async def get_credentials(self, request: AwsRequest) -> Params:
        if not request.params.get("workgroupName"):
            raise invalid("A workgroup name is required: custom domain names are not served here.")
        self.warehouses.workgroup(request.params["workgroupName"])
        seconds = request.params.get("durationSeconds") or 900
        if not 900 <= seconds <= 3600:
            raise invalid(f"durationSeconds is between 900 and 3600, got {seconds}.")
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        return {"dbUser": IAM_USER, "dbPassword": new_password(), "expiration": expires, "nextRefreshTime": expires}


def _capacity(record: Params, params: Params) -> Params:
    """RPUs: 4, 8, 16 … 512, then in steps of 32 to 1024."""
    base = params.get("baseCapacity") or record["baseCapacity"]
    most = params.get("maxCapacity", record.get("maxCapacity"))
    for capacity in (base, *([most] if most else [])):
        step = 32 if capacity > 512 else 8
        if capacity != 4 and (capacity % step or not 8 <= capacity <= 1024):
            raise invalid(f"A capacity of {capacity} RPUs is not offered: 4, 8 to 512 by 8, or 544 to 1024 by 32.")
    if most and most < base:
        raise invalid(f"maxCapacity {most} is below baseCapacity {base}.")
    return {"baseCapacity": base} | ({"maxCapacity": most} if most else {})
