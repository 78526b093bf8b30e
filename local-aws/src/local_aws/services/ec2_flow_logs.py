"""VPC flow logs, amended: they keep everything they were created with, tags too."""

from __future__ import annotations

import asyncio
from typing import Any

from local_aws.services.base import Service, action
from local_aws.wire import AwsRequest, Params

# AWS answers the default format when none was asked for (VPC User Guide, "Flow log records").
DEFAULT_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} "
    "${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)
_KEPT = ("DeliverLogsPermissionArn", "DestinationOptions", "LogDestination", "LogDestinationType", "LogFormat")


class FlowLogs(Service):
    """Flow logs are recorded, never written: there is no network to log on a laptop."""

    name = "ec2"

    @action("CreateFlowLogs")
    async def create_flow_logs(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        created = {name: request.params[name] for name in _KEPT if name in request.params} | {
            "LogFormat": request.params.get("LogFormat", DEFAULT_LOG_FORMAT),
            "MaxAggregationInterval": request.params.get("MaxAggregationInterval", 600),
        }
        tags = _tags(request.params, "vpc-flow-log")
        for flow_log_id in result.get("FlowLogIds", []):
            self._details()[flow_log_id] = created | _log_group(request.params)
            if tags:
                await asyncio.to_thread(self.ctx.client("ec2").create_tags, Resources=[flow_log_id], Tags=tags)
        return result

    @action("DescribeFlowLogs")
    async def describe_flow_logs(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        details = self._details()
        flow_logs = [flow_log | details.get(flow_log["FlowLogId"], {}) for flow_log in result.get("FlowLogs", [])]
        return result | {"FlowLogs": flow_logs}

    @action("DeleteFlowLogs")
    async def delete_flow_logs(self, request: AwsRequest) -> Params:
        for flow_log_id in request.params.get("FlowLogIds", []):
            self._details().pop(flow_log_id, None)
        return await self.ctx.upstream(request)

    def _details(self) -> Any:
        return self.ctx.table("ec2.flow_logs")


def _tags(params: Params, resource_type: str) -> list[dict[str, str]]:
    specifications = params.get("TagSpecifications", [])
    return [tag for spec in specifications if spec.get("ResourceType") == resource_type for tag in spec.get("Tags", [])]


def _log_group(params: Params) -> Params:
    """The group's name, which AWS answers beside the destination's ARN."""
    if name := params.get("LogGroupName"):
        return {"LogGroupName": name}
    _, found, rest = str(params.get("LogDestination", "")).partition(":log-group:")
    return {"LogGroupName": rest.removesuffix(":*")} if found else {}
