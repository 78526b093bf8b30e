"""Snapshots: copies of a stopped database's files, in <state>/rds-snapshots/<identifier>. All calls block."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from local_aws.context import Context
from local_aws.engines import unprivileged
from local_aws.services.rds_records import instance_arn
from local_aws.wire import AwsError, Params

_KEPT_FIELDS = (
    "AllocatedStorage", "AvailabilityZone", "CharacterSetName", "DBInstanceIdentifier", "DbiResourceId",
    "DedicatedLogVolume", "Engine", "EngineVersion", "IAMDatabaseAuthenticationEnabled", "InstanceCreateTime", "Iops",
    "KmsKeyId", "LicenseModel", "MasterUsername", "StorageThroughput", "StorageType",
)  # fmt: skip


class Snapshots:
    def __init__(self, ctx: Context) -> None:
        self.table = ctx.table("rds.snapshots")
        self._folder = ctx.settings.state / "rds-snapshots"

    def get(self, identifier: str) -> Params:
        try:
            return self.table[identifier.lower()]
        except KeyError:
            raise AwsError("DBSnapshotNotFound", f"DBSnapshot {identifier} not found.", 404) from None

    def check_new(self, identifier: str) -> None:
        if identifier.lower() in self.table:
            message = f"Cannot create the snapshot because a snapshot with the identifier {identifier} already exists."
            raise AwsError("DBSnapshotAlreadyExists", message)

    def take(self, instance: Params, identifier: str, files: Path, tags: list[Params] | None = None) -> Params:
        """Copy the files of a stopped database."""
        target = self._folder / identifier.lower()
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True, mode=0o700)
        shutil.copytree(files / "data", target / "data", symlinks=True)
        shutil.copy2(files / "rdsadmin", target / "rdsadmin")
        inherited = instance["TagList"] if instance["CopyTagsToSnapshot"] else []
        document = {name: instance[name] for name in _KEPT_FIELDS if name in instance} | {
            "DBSnapshotIdentifier": identifier.lower(),
            "DBSnapshotArn": instance_arn(identifier.lower()).replace(":db:", ":snapshot:"),
            "SnapshotCreateTime": datetime.now(UTC),
            "OriginalSnapshotCreateTime": datetime.now(UTC),
            "Status": "available",
            "PercentProgress": 100,
            "SnapshotType": "manual",
            "SnapshotTarget": "region",
            "Port": instance["Endpoint"]["Port"],
            "VpcId": instance["DBSubnetGroup"].get("VpcId", ""),
            "Encrypted": instance["StorageEncrypted"],
            "OptionGroupName": instance["OptionGroupMemberships"][0]["OptionGroupName"],
            "TagList": tags or inherited,
            "DatabaseName": instance.get("DBName"),
        }
        self.table[identifier.lower()] = document
        return document

    def restore(self, identifier: str, files: Path) -> None:
        """Put a snapshot's files where a new instance looks for them; done once, however often it is called."""
        if (files / "data").exists():
            return
        source, draft = self._folder / identifier.lower(), files / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source / "data", draft, symlinks=True)
        if self.get(identifier)["Engine"] == "postgres":
            draft.chmod(0o700)
            unprivileged.give(draft)
        shutil.copy2(source / "rdsadmin", files / "rdsadmin")
        draft.rename(files / "data")

    def delete(self, identifier: str) -> Params:
        document = self.get(identifier)
        shutil.rmtree(self._folder / identifier.lower(), ignore_errors=True)
        del self.table[identifier.lower()]
        return document | {"Status": "deleted"}
