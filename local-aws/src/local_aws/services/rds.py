"""RDS: instances that are real databases. Parameter and subnet groups stay with the emulator behind."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, ClassVar

from local_aws.context import Context
from local_aws.engines.database import new_password
from local_aws.services import rds_records as records
from local_aws.services.base import Service, action
from local_aws.services.rds_hosts import ExternalMySql
from local_aws.services.rds_instances import instances_of
from local_aws.services.rds_log_exports import LogExports
from local_aws.services.rds_lookups import Lookups
from local_aws.services.rds_watch import Watch
from local_aws.supervisor import port_is_free
from local_aws.wire import AwsError, AwsRequest, Params

log = logging.getLogger("local_aws.rds")

_RESUME = {
    "creating": "create", "available": "start", "failed": "start", "starting": "start", "rebooting": "start",
    "modifying": "start", "stopping": "stop", "deleting": "delete",
}  # fmt: skip


class RdsService(Service):
    """DB instances, their master passwords and their events."""

    name: ClassVar[str] = "rds"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.instances = instances_of(ctx)
        self.lookups = Lookups(ctx)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        for record in list(self.instances.table.values()):
            if step := _RESUME.get(record["DBInstanceStatus"]):
                if record["DBInstanceStatus"] == "failed":  # a new chance with each start of local AWS
                    status = "starting" if "Endpoint" in record else "creating"
                    self.instances.update(record["DBInstanceIdentifier"], DBInstanceStatus=status)
                    step = "start" if "Endpoint" in record else "create"
                self._background(getattr(self.instances, step), record["DBInstanceIdentifier"])
        self._spawn(Watch(self.instances).run())
        self._spawn(LogExports(self.instances).run())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _background(self, step: Callable[[str], Any], identifier: str) -> None:
        self._spawn(self._logged(step, identifier))

    async def _logged(self, step: Callable[[str], Any], identifier: str) -> None:
        try:
            await asyncio.to_thread(step, identifier)
        except Exception:
            log.exception("%s of %s failed", step.__name__, identifier)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- create, describe ---

    @action("CreateDBInstance")
    async def create_db_instance(self, request: AwsRequest) -> Params:
        params = {name: value for name, value in request.params.items() if value is not None}
        records.check_create(params)
        params["DBInstanceIdentifier"] = params["DBInstanceIdentifier"].lower()
        record = await asyncio.to_thread(self._make, params)
        self._background(self.instances.create, record["DBInstanceIdentifier"])
        return {"DBInstance": records.public(record)}

    def _make(self, params: Params) -> Params:
        identifier = params["DBInstanceIdentifier"]
        if identifier in self.instances.table:
            raise AwsError("DBInstanceAlreadyExists", "DB instance already exists")
        version = records.ENGINES[params["Engine"]].version(params.get("EngineVersion"))
        group = self.lookups.parameter_group(params.get("DBParameterGroupName"), params["Engine"], version)
        subnets = self.lookups.subnet_group(params.get("DBSubnetGroupName"))
        keys = self.lookups.keys(params)
        record = records.new_record(
            params | keys,
            version=version,
            resource_id=f"db-{secrets.token_hex(13).upper()}",
            now=datetime.now(UTC),
        )
        record |= {
            "DBParameterGroups": [{"DBParameterGroupName": group, "ParameterApplyStatus": "in-sync"}],
            "DBSubnetGroup": subnets,
            "VpcSecurityGroups": self.lookups.security_groups(params.get("VpcSecurityGroupIds"), subnets.get("VpcId")),
        }
        if port := params.get("Port"):
            self._refuse_taken_port(port)
            record["RequestedPort"] = port
        return self._with_master_password(record, params)

    def _refuse_taken_port(self, port: int) -> None:
        if not port_is_free(port):
            raise records.bad_value(
                f"Port {port} of 127.0.0.1 is taken, and all local databases share that address. "
                "Leave the port out to get a free one, or stop the program that holds it."
            )

    def _with_master_password(self, record: Params, params: Params) -> Params:
        external = ExternalMySql.from_environment() if record["Engine"] == "mysql" else None
        password = params.get("MasterUserPassword") or new_password()
        if external:
            password = external.password
            record |= {"External": True, "MasterUsername": external.user}
            record |= {"DBName": external.database} if external.database else {}
        if params.get("ManageMasterUserPassword"):
            key = params.get("MasterUserSecretKmsKeyId")
            record["MasterUserSecret"] = self.instances.secrets.create(record, password, key)
        else:
            self.instances.remember_first_password(record, password)
        self.instances.table[record["DBInstanceIdentifier"]] = record
        return record

    @action("DescribeDBInstances")
    async def describe_db_instances(self, request: AwsRequest) -> Params:
        if wanted := request.params.get("DBInstanceIdentifier"):
            name = wanted.rpartition(":")[2]
            return {"DBInstances": [records.public(self.instances.get(name))]}
        filters = {f["Name"]: f["Values"] for f in request.params.get("Filters") or []}
        found = [record for record in self.instances.table.values() if records.matches(record, filters)]
        return {"DBInstances": [records.public(record) for record in found]}

    @action("DescribeEvents")
    async def describe_events(self, request: AwsRequest) -> Params:
        return {"Events": self.instances.events.find(request.params)}

    # --- modify ---

    @action("ModifyDBInstance")
    async def modify_db_instance(self, request: AwsRequest) -> Params:
        params = {name: value for name, value in request.params.items() if value is not None}
        records.check_password(params)
        record, moved = await asyncio.to_thread(self._modify, params)
        if moved:
            self._background(self.instances.reboot, record["DBInstanceIdentifier"])
        return {"DBInstance": records.public(record)}

    def _modify(self, params: Params) -> tuple[Params, bool]:
        record = self._in_state(params["DBInstanceIdentifier"], "available", "failed", "stopped")
        identifier = record["DBInstanceIdentifier"]
        if version := params.get("EngineVersion"):
            params["EngineVersion"] = records.ENGINES[record["Engine"]].version(version)
        now, later = records.changes(record, params)
        now |= self._references(record, params)
        if exports := params.get("CloudwatchLogsExportConfiguration"):
            now["EnabledCloudwatchLogsExports"] = records.log_exports(record, exports)
        now["PendingModifiedValues"] = record["PendingModifiedValues"] | later
        if port := now.pop("Port", None):
            self._refuse_taken_port(port)
            moved = {"Endpoint": record["Endpoint"] | {"Port": port}, "RequestedPort": port}
            now |= moved | {"DBInstanceStatus": "modifying"}
        record = self.instances.update(identifier, **now)
        self._change_password(record, params)
        return self.instances.get(identifier), bool(port)

    def _references(self, record: Params, params: Params) -> Params:
        found: Params = {}
        if group := params.get("DBParameterGroupName"):
            name = self.lookups.parameter_group(group, record["Engine"], record["EngineVersion"])
            if name != record["DBParameterGroups"][0]["DBParameterGroupName"]:
                # A new group's static parameters need a reboot ("Associating a DB parameter group").
                status = "pending-reboot"
                found["DBParameterGroups"] = [{"DBParameterGroupName": name, "ParameterApplyStatus": status}]
        if subnets := params.get("DBSubnetGroupName"):
            found["DBSubnetGroup"] = self.lookups.subnet_group(subnets)
        if groups := params.get("VpcSecurityGroupIds"):
            found["VpcSecurityGroups"] = self.lookups.security_groups(groups, None)
        return found

    def _change_password(self, record: Params, params: Params) -> None:
        identifier, secret = record["DBInstanceIdentifier"], record.get("MasterUserSecret")
        manage = params.get("ManageMasterUserPassword")
        if params.get("RotateMasterUserPassword"):
            if not secret or not params.get("ApplyImmediately"):
                raise records.bad_combination("RotateMasterUserPassword needs a managed password and ApplyImmediately.")
            self.instances.rotate(identifier)
        elif manage and not secret:
            self.instances.manage_password(identifier, params.get("MasterUserSecretKmsKeyId"))
        elif manage is False and secret:
            if not params.get("MasterUserPassword"):
                raise records.bad_combination("You must specify MasterUserPassword to end password management.")
            self.instances.set_password(identifier, params["MasterUserPassword"])
            self.instances.forget_secret(identifier)
        elif password := params.get("MasterUserPassword"):
            if secret:
                raise records.bad_combination("You can't specify MasterUserPassword: Secrets Manager manages it.")
            self.instances.set_password(identifier, password)

    # --- start, stop, reboot, delete ---

    @action("StartDBInstance")
    async def start_db_instance(self, request: AwsRequest) -> Params:
        return self._transition(request, self.instances.start, "starting", "stopped")

    @action("StopDBInstance")
    async def stop_db_instance(self, request: AwsRequest) -> Params:
        return self._transition(request, self.instances.stop, "stopping", "available")

    @action("RebootDBInstance")
    async def reboot_db_instance(self, request: AwsRequest) -> Params:
        return self._transition(request, self.instances.reboot, "rebooting", "available")

    @action("DeleteDBInstance")
    async def delete_db_instance(self, request: AwsRequest) -> Params:
        params = request.params
        record = self._in_state(params["DBInstanceIdentifier"], *_RESUME.keys() - {"deleting"}, "stopped")
        if record["DeletionProtection"]:
            raise records.bad_combination(
                "Cannot delete protected DB Instance, please disable deletion protection and try again."
            )
        final, skip = params.get("FinalDBSnapshotIdentifier"), params.get("SkipFinalSnapshot")
        if not skip and not final:
            raise records.bad_combination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            )
        if skip and final:
            raise records.bad_combination("FinalDBSnapshotIdentifier cannot be given together with SkipFinalSnapshot.")
        if final:
            self.instances.snapshots.check_new(final)
        record = self.instances.update(record["DBInstanceIdentifier"], DBInstanceStatus="deleting", FinalSnapshot=final)
        self._background(self.instances.delete, record["DBInstanceIdentifier"])
        return {"DBInstance": records.public(record)}

    def _transition(self, request: AwsRequest, step: Callable[[str], Any], passing: str, required: str) -> Params:
        record = self._in_state(request.params["DBInstanceIdentifier"], required)
        identifier = record["DBInstanceIdentifier"]
        record = self.instances.update(identifier, DBInstanceStatus=passing)
        self._background(step, identifier)
        return {"DBInstance": records.public(record)}

    def _in_state(self, identifier: str, *states: str) -> Params:
        record = self.instances.get(identifier)
        if record["DBInstanceStatus"] not in states:
            raise AwsError("InvalidDBInstanceState", f"Instance {identifier} is not in {states[0]} state.")
        return record
