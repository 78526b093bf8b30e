"""FilterLogEvents, amended: a prefix of stream names chooses the streams, as AWS's API reference has it."""

from __future__ import annotations

import asyncio
from typing import Any

from botocore.exceptions import ClientError

from local_aws.services.base import Service, action
from local_aws.wire import AwsError, AwsRequest, Params


class LogSearch(Service):
    """The emulator searches every stream of the group, whatever the prefix."""

    name = "logs"

    @action("FilterLogEvents")
    async def filter_log_events(self, request: AwsRequest) -> Params:
        asked = dict(request.params)
        prefix = asked.pop("logStreamNamePrefix", None)
        if prefix is None:
            return await self.ctx.upstream(request)
        if asked.get("logStreamNames"):
            raise AwsError("InvalidParameterException", "logStreamNamePrefix and logStreamNames exclude each other.")
        try:
            names = await asyncio.to_thread(_streams, self.ctx.client("logs"), asked, prefix)
        except ClientError as refused:  # the group does not exist, or its name is none
            raise AwsError(refused.response["Error"]["Code"], refused.response["Error"]["Message"]) from refused
        if not names:
            return {"events": [], "searchedLogStreams": []}
        return await self.ctx.upstream(request, asked | {"logStreamNames": names})


def _streams(logs: Any, asked: Params, prefix: str) -> list[str]:
    group = {name: asked[name] for name in ("logGroupName", "logGroupIdentifier") if name in asked}
    pages = logs.get_paginator("describe_log_streams").paginate(**group, logStreamNamePrefix=prefix)
    return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
