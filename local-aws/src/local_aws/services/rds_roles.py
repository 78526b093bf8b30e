"""RDS: the roles that an instance may use, one for each feature (s3Import for aws_s3)."""

from __future__ import annotations

import asyncio
import json
from typing import ClassVar

from local_aws.context import Context
from local_aws.engines.database import write_private
from local_aws.services.base import Service, action
from local_aws.services.rds_hosts import EngineHost
from local_aws.services.rds_instances import instances_of
from local_aws.services.rds_records import bad_value
from local_aws.wire import AwsError, AwsRequest, Params

FEATURES = {"postgres": ("s3Import", "s3Export", "Lambda")}


class RdsRoles(Service):
    """Associations stand in the instance's record, and beside its data folder for the engine."""

    name: ClassVar[str] = "rds"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.instances = instances_of(ctx)

    @action("AddRoleToDBInstance")
    async def add(self, request: AwsRequest) -> Params:
        role, feature = request.params["RoleArn"], request.params["FeatureName"]
        record = self._available(request.params["DBInstanceIdentifier"])
        known = FEATURES.get(record["Engine"], ())
        if feature not in known:
            raise bad_value(f"The feature-name {feature} is not valid for {record['Engine']}: {', '.join(known)}.")
        roles = record["AssociatedRoles"]
        if any(entry["FeatureName"] == feature for entry in roles):
            raise AwsError(
                "DBInstanceRoleAlreadyExists",
                f"The DB instance {record['DBInstanceIdentifier']} already has a role for the feature-name {feature}.",
            )
        await self._keep(record, [*roles, {"RoleArn": role, "FeatureName": feature, "Status": "ACTIVE"}])
        return {}

    @action("RemoveRoleFromDBInstance")
    async def remove(self, request: AwsRequest) -> Params:
        role, feature = request.params["RoleArn"], request.params["FeatureName"]
        record = self._available(request.params["DBInstanceIdentifier"])
        kept = [e for e in record["AssociatedRoles"] if (e["RoleArn"], e["FeatureName"]) != (role, feature)]
        if len(kept) == len(record["AssociatedRoles"]):
            raise AwsError(
                "DBInstanceRoleNotFound",
                f"Role {role} with feature-name {feature} is not associated with {record['DBInstanceIdentifier']}.",
                404,
            )
        await self._keep(record, kept)
        return {}

    def _available(self, identifier: str) -> Params:
        record = self.instances.get(identifier)
        if record["DBInstanceStatus"] != "available":
            raise AwsError("InvalidDBInstanceState", f"Instance {identifier} is not in available state.")
        return record

    async def _keep(self, record: Params, roles: list[Params]) -> None:
        """The engine's file first: a role that is ACTIVE works."""
        path = EngineHost(self.ctx).folder(record) / "roles.json"
        document = {entry["FeatureName"]: entry["RoleArn"] for entry in roles}
        await asyncio.to_thread(write_private, path, json.dumps(document))
        self.instances.update(record["DBInstanceIdentifier"], AssociatedRoles=roles)
