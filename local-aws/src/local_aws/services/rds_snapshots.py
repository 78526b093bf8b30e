"""RDS: snapshots of real databases, and instances restored from them."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import ClassVar

from local_aws.context import Context
from local_aws.engines.database import new_password
from local_aws.services import rds_records as records
from local_aws.services.base import Service, action
from local_aws.services.rds_hosts import EngineHost
from local_aws.services.rds_instances import instances_of
from local_aws.services.rds_lookups import Lookups
from local_aws.wire import AwsError, AwsRequest, Params


class RdsSnapshotService(Service):
    """A snapshot stops its database for the time of the copy, as RDS suspends I/O of a single-zone instance."""

    name: ClassVar[str] = "rds"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.instances = instances_of(ctx)
        self.snapshots = self.instances.snapshots
        self._tasks: set[asyncio.Task[None]] = set()

    @action("CreateDBSnapshot")
    async def create_db_snapshot(self, request: AwsRequest) -> Params:
        identifier = request.params["DBSnapshotIdentifier"]
        self.snapshots.check_new(identifier)
        record = self.instances.get(request.params["DBInstanceIdentifier"])
        if record["DBInstanceStatus"] != "available" or record.get("External"):
            raise AwsError("InvalidDBInstanceState", "The DB instance is not in the available state, or is external.")
        return {
            "DBSnapshot": public(await asyncio.to_thread(self._take, record, identifier, request.params.get("Tags")))
        }

    def _take(self, record: Params, identifier: str, tags: list[Params] | None) -> Params:
        host, instance = EngineHost(self.ctx), record["DBInstanceIdentifier"]
        self.instances.update(instance, DBInstanceStatus="backing-up")
        host.stop(record)
        try:
            return self.snapshots.take(record, identifier, host.folder(record), tags)
        finally:
            self.instances.start(instance, "Finished DB instance backup")

    @action("DescribeDBSnapshots")
    async def describe_db_snapshots(self, request: AwsRequest) -> Params:
        if wanted := request.params.get("DBSnapshotIdentifier"):
            return {"DBSnapshots": [public(self.snapshots.get(wanted.rpartition(":")[2]))]}
        instance = request.params.get("DBInstanceIdentifier")
        found = self.snapshots.table.values()
        return {"DBSnapshots": [public(s) for s in found if instance in (None, s["DBInstanceIdentifier"])]}

    @action("DeleteDBSnapshot")
    async def delete_db_snapshot(self, request: AwsRequest) -> Params:
        name = request.params["DBSnapshotIdentifier"]
        return {"DBSnapshot": public(await asyncio.to_thread(self.snapshots.delete, name))}

    @action("RestoreDBInstanceFromDBSnapshot")
    async def restore_db_instance(self, request: AwsRequest) -> Params:
        params = {name: value for name, value in request.params.items() if value is not None}
        record = await asyncio.to_thread(self._restored, params)
        task = asyncio.create_task(asyncio.to_thread(self.instances.create, record["DBInstanceIdentifier"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return {"DBInstance": records.public(record)}

    def _restored(self, params: Params) -> Params:
        snapshot = self.snapshots.get(params["DBSnapshotIdentifier"].rpartition(":")[2])
        identifier = params["DBInstanceIdentifier"].lower()
        if identifier in self.instances.table:
            raise AwsError("DBInstanceAlreadyExists", "DB instance already exists")
        lookups, engine, version = Lookups(self.ctx), snapshot["Engine"], snapshot["EngineVersion"]
        subnets = lookups.subnet_group(params.get("DBSubnetGroupName"))
        group = lookups.parameter_group(params.get("DBParameterGroupName"), engine, version)
        inherited = {name: snapshot[name] for name in ("AllocatedStorage", "StorageType", "MasterUsername", "KmsKeyId")
                     if name in snapshot}  # fmt: skip
        encrypted = {"StorageEncrypted": snapshot["Encrypted"], "DBName": snapshot["DatabaseName"], "Engine": engine}
        record = records.new_record(
            {"DBInstanceClass": "db.t4g.micro"} | inherited | params | encrypted | {"DBInstanceIdentifier": identifier},
            version=version,
            resource_id=f"db-{secrets.token_hex(13).upper()}",
            now=datetime.now(UTC),
        ) | {
            "DBParameterGroups": [{"DBParameterGroupName": group, "ParameterApplyStatus": "in-sync"}],
            "DBSubnetGroup": subnets,
            "VpcSecurityGroups": lookups.security_groups(params.get("VpcSecurityGroupIds"), subnets.get("VpcId")),
            "RestoredFrom": snapshot["DBSnapshotIdentifier"],
        }
        if port := params.get("Port"):
            record["RequestedPort"] = port
        if params.get("ManageMasterUserPassword"):
            key = params.get("MasterUserSecretKmsKeyId")
            record["MasterUserSecret"] = self.instances.secrets.create(record, new_password(), key)
        self.instances.table[identifier] = record
        return record


def public(snapshot: Params) -> Params:
    return {name: value for name, value in snapshot.items() if name != "DatabaseName"}
