"""RDS: what parameter groups, subnet groups and tags mean to instances of ours; the groups stay with the emulator."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.rds_instances import instances_of
from local_aws.store import Table
from local_aws.wire import AwsError, AwsRequest, Params


class RdsGroupService(Service):
    """A change of a parameter group reaches the engines that use it; a group in use cannot be deleted."""

    name: ClassVar[str] = "rds"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.instances = instances_of(ctx)

    @action("ModifyDBParameterGroup", "ResetDBParameterGroup")
    async def change_parameters(self, request: AwsRequest) -> Params:
        answer = await self.ctx.upstream(request)
        for identifier in self._users_of(request.params["DBParameterGroupName"]):
            await asyncio.to_thread(self.instances.apply_parameters, identifier)
        return answer

    @action("DeleteDBParameterGroup")
    async def delete_parameter_group(self, request: AwsRequest) -> Params:
        if self._users_of(request.params["DBParameterGroupName"]):
            raise AwsError(
                "InvalidDBParameterGroupState",
                "One or more database instances are still members of this parameter group",
            )
        return await self.ctx.upstream(request)

    @action("DeleteDBSubnetGroup")
    async def delete_subnet_group(self, request: AwsRequest) -> Params:
        name = request.params["DBSubnetGroupName"]
        if any(record["DBSubnetGroup"]["DBSubnetGroupName"] == name for record in self.instances.table.values()):
            raise AwsError(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{name}' because at least one database instance is still using it.",
            )
        return await self.ctx.upstream(request)

    def _users_of(self, group: str) -> list[str]:
        return [
            record["DBInstanceIdentifier"]
            for record in self.instances.table.values()
            if record["DBParameterGroups"][0]["DBParameterGroupName"] == group
        ]

    @action("ListTagsForResource")
    async def list_tags(self, request: AwsRequest) -> Params:
        found = self._tagged(request.params["ResourceName"])
        return {"TagList": found[0][found[1]]["TagList"]} if found else await self.ctx.upstream(request)

    @action("AddTagsToResource")
    async def add_tags(self, request: AwsRequest) -> Params:
        if (found := self._tagged(request.params["ResourceName"])) is None:
            return await self.ctx.upstream(request)
        table, key = found
        tags = {tag["Key"]: tag for tag in [*table[key]["TagList"], *request.params["Tags"]]}
        table.update_fields(key, TagList=list(tags.values()))
        return {}

    @action("RemoveTagsFromResource")
    async def remove_tags(self, request: AwsRequest) -> Params:
        if (found := self._tagged(request.params["ResourceName"])) is None:
            return await self.ctx.upstream(request)
        table, key = found
        gone = set(request.params["TagKeys"])
        table.update_fields(key, TagList=[tag for tag in table[key]["TagList"] if tag["Key"] not in gone])
        return {}

    def _tagged(self, arn: str) -> tuple[Table, str] | None:
        """The table and key of an instance or snapshot of ours."""
        kind, _, name = arn.split(":", 5)[-1].partition(":")
        tables = {"db": self.instances.table, "snapshot": self.instances.snapshots.table}
        table = tables.get(kind)
        return (table, name) if table is not None and name in table else None
