"""Glue connections, amended: the tags they are created with stay."""

from __future__ import annotations

import asyncio

from local_aws.services.base import Service, action
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import AwsRequest, Params


class GlueConnections(Service):
    name = "glue"

    @action("CreateConnection")
    async def create_connection(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        if tags := request.params.get("Tags"):
            arn = f"arn:aws:glue:{REGION}:{ACCOUNT}:connection/{request.params['ConnectionInput']['Name']}"
            await asyncio.to_thread(self.ctx.client("glue").tag_resource, ResourceArn=arn, TagsToAdd=tags)
        return result
