"""The life of DB instances: what each state change does to the database, durable enough to be resumed after a crash.

Everything here blocks; rds.py calls it from threads. One lock for each instance keeps its changes in order.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from botocore.exceptions import ClientError

from local_aws.context import Context
from local_aws.engines.database import DatabaseError, new_password, write_private
from local_aws.services.rds_events import Events
from local_aws.services.rds_hosts import EngineHost, ExternalHost, ExternalMySql, Host, engine_name
from local_aws.services.rds_records import bad_value, not_found
from local_aws.services.rds_secrets import MasterSecrets
from local_aws.services.rds_snapshot_store import Snapshots
from local_aws.supervisor import EngineError
from local_aws.wire import AwsError, Params

log = logging.getLogger("local_aws.rds")


class Instances:
    """Records in the table rds.instances (DBInstance plus RequestedPort and External), databases behind `Host`."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.table = ctx.table("rds.instances")
        self.secrets = MasterSecrets(ctx)
        self.events = Events(ctx.table("rds.events"))
        self.snapshots = Snapshots(ctx)
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def get(self, identifier: str) -> Params:
        try:
            return self.table[identifier.lower()]
        except KeyError:
            raise not_found(identifier) from None

    def update(self, identifier: str, **fields: object) -> Params:
        return self.table.update_fields(identifier.lower(), **fields)

    def host(self, record: Params) -> Host:
        if not record.get("External"):
            return EngineHost(self.ctx)
        server = ExternalMySql.from_environment()
        if server is None:
            raise DatabaseError("This instance is a database of EXTERNAL_MYSQL_URL, which is not set any more.")
        return ExternalHost(server)

    def parameters(self, record: Params) -> dict[str, str]:
        """The parameters that a user set in the instance's parameter group."""
        group = record["DBParameterGroups"][0]["DBParameterGroupName"]
        if group.startswith("default."):
            return {}
        pages = self.ctx.client("rds").get_paginator("describe_db_parameters")
        found = (p for page in pages.paginate(DBParameterGroupName=group, Source="user") for p in page["Parameters"])
        return {entry["ParameterName"]: entry["ParameterValue"] for entry in found if "ParameterValue" in entry}

    # --- creation ---

    def create(self, identifier: str) -> None:
        """Bring a record in state creating to available, or failed. Done again after a crash, it goes on."""
        with self._locks[identifier]:
            record = self.get(identifier)
            if record["DBInstanceStatus"] != "creating":
                return
            password = self._first_password(record)
            if self._attempt(record, "DB instance could not be created", lambda: self._bring_up(record, password)):
                self._first_password_file(record).unlink(missing_ok=True)
                self.events.add(identifier, "creation", "DB instance created")

    def _bring_up(self, record: Params, password: str) -> None:
        if snapshot := record.get("RestoredFrom"):
            self.snapshots.restore(snapshot, EngineHost(self.ctx).folder(record))
        host = self.host(record)
        endpoint = host.create(record, password, self.parameters(record))
        if snapshot and password:
            host.set_password(record | {"Endpoint": endpoint}, password)
        identifier = record["DBInstanceIdentifier"]
        self.update(identifier, Endpoint=endpoint, DBInstanceStatus="available", StatusInfos=[])

    def remember_first_password(self, record: Params, password: str) -> None:
        """Until the database has it, a crash must not lose it."""
        write_private(self._first_password_file(record), password)

    def _first_password_file(self, record: Params) -> Path:
        return EngineHost(self.ctx).folder(record) / "first-password"

    def _first_password(self, record: Params) -> str:
        if secret := record.get("MasterUserSecret"):
            return self.secrets.password(secret["SecretArn"])
        path = self._first_password_file(record)
        return path.read_text() if path.exists() else ""

    # --- start and stop ---

    def start(self, identifier: str, done: str = "DB instance started") -> None:
        """Start the database with today's parameters; also after a restart of local AWS."""
        with self._locks[identifier]:
            record = self.get(identifier)
            if self._attempt(record, "DB instance could not be started", lambda: self._start(record)):
                self.events.add(identifier, "notification", done)

    def _start(self, record: Params) -> None:
        self.host(record).start(record, self.parameters(record))
        groups = [group | {"ParameterApplyStatus": "in-sync"} for group in record["DBParameterGroups"]]
        record = self.update(
            record["DBInstanceIdentifier"], DBInstanceStatus="available", DBParameterGroups=groups, StatusInfos=[]
        )
        self._finish_rotation(record)

    def stop(self, identifier: str) -> None:
        with self._locks[identifier]:
            record = self.get(identifier)
            if self._attempt(record, "DB instance could not be stopped", lambda: self.host(record).stop(record)):
                self.update(identifier, DBInstanceStatus="stopped")
                self.events.add(identifier, "notification", "DB instance stopped")

    def reboot(self, identifier: str) -> None:
        with self._locks[identifier]:
            record = self.get(identifier)
            if self._attempt(record, "DB instance could not be stopped", lambda: self.host(record).stop(record)):
                self.start(identifier, "DB instance restarted")

    # --- changes ---

    def apply_parameters(self, identifier: str) -> None:
        """Make the parameter group's values true; static ones wait for a reboot."""
        with self._locks[identifier]:
            record = self.get(identifier)
            if record["DBInstanceStatus"] != "available":
                return
            pending = self.host(record).apply(record, self.parameters(record))
            status = "pending-reboot" if pending else "in-sync"
            groups = [group | {"ParameterApplyStatus": status} for group in record["DBParameterGroups"]]
            self.update(identifier, DBParameterGroups=groups)

    def apply_pending(self, identifier: str) -> None:
        """The maintenance window is open: what waited for it happens now."""
        with self._locks[identifier]:
            record = self.get(identifier)
            pending = record["PendingModifiedValues"]
            fields = {name: value for name, value in pending.items() if name != "Port"} | {"PendingModifiedValues": {}}
            if port := pending.get("Port"):
                fields |= {"Endpoint": record["Endpoint"] | {"Port": port}, "RequestedPort": port}
            self.update(identifier, **fields)
            if port:
                self.reboot(identifier)

    def set_password(self, identifier: str, password: str) -> None:
        """ModifyDBInstance with MasterUserPassword."""
        with self._locks[identifier]:
            record = self.get(identifier)
            self._refuse_external(record)
            self.host(record).set_password(record, password)
            self.events.add(identifier, "configuration change", "The master user password was reset")

    def rotate(self, identifier: str) -> str:
        """A new password in the database and in the managed secret; returns the secret's new version."""
        with self._locks[identifier]:
            record = self.get(identifier)
            self._refuse_external(record)
            if record["DBInstanceStatus"] != "available":
                raise AwsError("InvalidDBInstanceState", f"DB instance {identifier} is not in available state.")
            arn = record["MasterUserSecret"]["SecretArn"]
            version, password = self.secrets.begin(arn, record["MasterUsername"])
            self.host(record).set_password(record, password)
            self.secrets.finish(arn, version)
            self.events.add(identifier, "configuration change", "The master user password was rotated")
            return version

    def manage_password(self, identifier: str, key: str | None) -> None:
        """Hand the master password over to Secrets Manager: a new one, in a secret of RDS's own."""
        with self._locks[identifier]:
            password = new_password()
            self.set_password(identifier, password)
            self.update(identifier, MasterUserSecret=self.secrets.create(self.get(identifier), password, key))

    def forget_secret(self, identifier: str) -> None:
        """The end of password management."""
        with self._locks[identifier]:
            record = self.get(identifier)
            self.secrets.delete(record.pop("MasterUserSecret")["SecretArn"])
            self.table[identifier] = record

    def _finish_rotation(self, record: Params) -> None:
        """A crash between database and secret left a staged password: give it to both."""
        secret = record.get("MasterUserSecret")
        if secret and not record.get("External") and self.secrets.unfinished(secret["SecretArn"]):
            self.rotate(record["DBInstanceIdentifier"])

    def _refuse_external(self, record: Params) -> None:
        if record.get("External"):
            raise bad_value(
                f"{record['DBInstanceIdentifier']} is the database of EXTERNAL_MYSQL_URL: change its password there."
            )

    # --- deletion ---

    def delete(self, identifier: str) -> None:
        with self._locks[identifier]:
            record = self.get(identifier)
            host = self.host(record) if not record.get("External") or ExternalMySql.from_environment() else None
            if host and (final := record.get("FinalSnapshot")):
                host.stop(record)
                self.snapshots.take(record, final, EngineHost(self.ctx).folder(record))
            if host:
                host.remove(record)
            if secret := record.get("MasterUserSecret"):
                try:
                    self.secrets.delete(secret["SecretArn"])
                except ClientError as error:
                    log.warning("the secret of %s could not be deleted: %s", identifier, error)
            del self.table[identifier]
            self.events.add(identifier, "deletion", "DB instance deleted")

    # --- failures ---

    def _attempt(self, record: Params, what: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except (DatabaseError, EngineError, AwsError, ClientError, OSError) as error:
            self.fail(record, f"{what}: {error}")
            return False
        return True

    def fail(self, record: Params, reason: str) -> None:
        """State failed, the reason in the log and in DescribeEvents, and no endless restarts."""
        identifier = record["DBInstanceIdentifier"]
        log.error("%s: %s", identifier, reason)
        infos = [{"StatusType": "engine", "Normal": False, "Status": "error", "Message": reason[:1000]}]
        self.update(identifier, DBInstanceStatus="failed", StatusInfos=infos)
        self.events.add(identifier, "failure", reason)
        if not record.get("External"):
            name = engine_name(record)
            self._keep_log(name)
            with suppress(EngineError):
                self.ctx.engines.remove(name)

    def _keep_log(self, name: str) -> None:
        """An engine's log goes with it; the one of a failure is worth reading later."""
        source = self.ctx.engines.log_path(name)
        if source.exists():
            self.ctx.settings.logs.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, self.ctx.settings.logs / f"{name}.failed.log")


@cache
def instances_of(ctx: Context) -> Instances:
    """One for each context, so that all services share its locks."""
    return Instances(ctx)
