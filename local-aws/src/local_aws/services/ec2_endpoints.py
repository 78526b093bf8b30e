"""VPC interface endpoints, amended: security groups and private DNS read back as they were set."""

from __future__ import annotations

from typing import Any

from local_aws.services.base import Service, action
from local_aws.wire import AwsRequest, Params


class VpcEndpoints(Service):
    """Endpoints are recorded; what they would carry goes to the gateway anyway."""

    name = "ec2"

    @action("CreateVpcEndpoint")
    async def create_vpc_endpoint(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        endpoint = result["VpcEndpoint"]
        if request.params.get("VpcEndpointType") == "Interface":
            self._details()[endpoint["VpcEndpointId"]] = {
                "Groups": request.params.get("SecurityGroupIds", []),
                # On by default for interface endpoints (EC2 API reference, CreateVpcEndpoint).
                "PrivateDnsEnabled": request.params.get("PrivateDnsEnabled", True),
            }
        return result | {"VpcEndpoint": self._completed(endpoint)}

    @action("DescribeVpcEndpoints")
    async def describe_vpc_endpoints(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        return result | {"VpcEndpoints": [self._completed(endpoint) for endpoint in result.get("VpcEndpoints", [])]}

    @action("ModifyVpcEndpoint")
    async def modify_vpc_endpoint(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        params, details = request.params, self._details()
        if detail := details.get(params["VpcEndpointId"]):
            kept = [group for group in detail["Groups"] if group not in params.get("RemoveSecurityGroupIds", [])]
            added = [group for group in params.get("AddSecurityGroupIds", []) if group not in kept]
            dns = params.get("PrivateDnsEnabled", detail["PrivateDnsEnabled"])
            details[params["VpcEndpointId"]] = {"Groups": kept + added, "PrivateDnsEnabled": dns}
        return result

    @action("DeleteVpcEndpoints")
    async def delete_vpc_endpoints(self, request: AwsRequest) -> Params:
        for endpoint_id in request.params.get("VpcEndpointIds", []):
            self._details().pop(endpoint_id, None)
        return await self.ctx.upstream(request)

    def _details(self) -> Any:
        return self.ctx.table("ec2.vpc_endpoints")

    def _completed(self, endpoint: Params) -> Params:
        detail = self._details().get(endpoint["VpcEndpointId"])
        if detail is None:
            return endpoint
        groups = [{"GroupId": group, "GroupName": group} for group in detail["Groups"]]
        return endpoint | {"Groups": groups, "PrivateDnsEnabled": detail["PrivateDnsEnabled"]}
