"""DB instances as RDS describes them: what a request makes of them, and what RDS refuses. Pure: no I/O, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import AwsError, Params

_IDENTIFIER = re.compile(r"[a-zA-Z](-?[a-zA-Z0-9]){0,62}")
_DATABASE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,62}")
_FULL_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
_FORBIDDEN_IN_PASSWORDS = re.compile(r"[^\x21-\x7e]|[/\"@]")
_RESERVED_USERS = {"rdsadmin", "root", "postgres", "mysql", "admin_rds", "rdsrepladmin"}

# Fields that a request hands over under the same name, with RDS's defaults.
_SAME_NAME: Params = {
    "DBInstanceIdentifier": None,
    "DBInstanceClass": None,
    "Engine": None,
    "MasterUsername": None,
    "DBName": None,
    "AllocatedStorage": 20,
    "PreferredBackupWindow": "03:00-03:30",
    "BackupRetentionPeriod": 1,
    "AvailabilityZone": f"{REGION}a",
    "PreferredMaintenanceWindow": "sun:05:00-sun:05:30",
    "MultiAZ": False,
    "AutoMinorVersionUpgrade": True,
    "Iops": None,
    "StorageThroughput": None,
    "PubliclyAccessible": False,
    "StorageType": "gp2",
    "StorageEncrypted": False,
    "KmsKeyId": None,
    "CopyTagsToSnapshot": False,
    "MonitoringInterval": 0,
    "MonitoringRoleArn": None,
    "PerformanceInsightsKMSKeyId": None,
    "DeletionProtection": False,
    "MaxAllocatedStorage": None,
    "NetworkType": "IPV4",
    "BackupTarget": "region",
    "CACertificateIdentifier": "rds-ca-rsa2048-g1",
    "DedicatedLogVolume": False,
    "CharacterSetName": None,
    "DatabaseInsightsMode": "standard",
    "EngineLifecycleSupport": "open-source-rds-extended-support",
}
# ModifyDBInstance: these wait for the maintenance window unless ApplyImmediately ("Modifying a DB instance").
WAIT_FOR_WINDOW = {
    "DBInstanceClass": "DBInstanceClass",
    "AllocatedStorage": "AllocatedStorage",
    "BackupRetentionPeriod": "BackupRetentionPeriod",
    "DBPortNumber": "Port",
    "EngineVersion": "EngineVersion",
    "Iops": "Iops",
    "MultiAZ": "MultiAZ",
    "StorageThroughput": "StorageThroughput",
    "StorageType": "StorageType",
    "CACertificateIdentifier": "CACertificateIdentifier",
}
# … and these apply at once.
AT_ONCE = {
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "CopyTagsToSnapshot": "CopyTagsToSnapshot",
    "DatabaseInsightsMode": "DatabaseInsightsMode",
    "DedicatedLogVolume": "DedicatedLogVolume",
    "DeletionProtection": "DeletionProtection",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "MaxAllocatedStorage": "MaxAllocatedStorage",
    "MonitoringInterval": "MonitoringInterval",
    "MonitoringRoleArn": "MonitoringRoleArn",
    "NetworkType": "NetworkType",
    "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "PreferredBackupWindow": "PreferredBackupWindow",
    "PreferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "PubliclyAccessible": "PubliclyAccessible",
}


@dataclass(frozen=True)
class EngineFacts:
    """What RDS says about an engine."""

    port: int
    license: str
    versions: tuple[str, ...]  # newest last
    parts_of_family: int  # "mysql8.4" has two, "postgres18" one

    def version(self, asked: str | None) -> str:
        """The full version that a prefix stands for; the newest without one."""
        if not asked:
            return self.versions[-1]
        fitting = [version for version in self.versions if version == asked or version.startswith(f"{asked}.")]
        if fitting:
            return fitting[-1]
        series = ".".join(asked.split(".")[: self.parts_of_family])
        known = any(version.startswith(f"{series}.") for version in self.versions)
        if known and _FULL_VERSION.fullmatch(asked) and asked != series:
            return asked
        raise AwsError("InvalidParameterCombination", f"Cannot find version {asked}")

    def family(self, engine: str, version: str) -> str:
        return engine + ".".join(version.split(".")[: self.parts_of_family])


ENGINES = {
    "mysql": EngineFacts(3306, "general-public-license", ("8.0.44", "8.4.7"), 2),
    "mariadb": EngineFacts(3306, "general-public-license", ("10.11.15", "11.4.5"), 2),
    "postgres": EngineFacts(5432, "postgresql-license", ("14.20", "15.15", "16.11", "17.7", "18.4"), 1),
}


def instance_arn(identifier: str) -> str:
    return f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{identifier}"


def not_found(identifier: str) -> AwsError:
    return AwsError("DBInstanceNotFound", f"DBInstance {identifier} not found.", 404)


def bad_value(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)


def bad_combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombination", message)


def check_create(params: Params) -> None:
    """Refuse what RDS refuses before it makes anything."""
    identifier = params["DBInstanceIdentifier"]
    if not _IDENTIFIER.fullmatch(identifier):
        raise bad_value(
            "The parameter DBInstanceIdentifier is not a valid identifier. Identifiers must begin with a letter; must "
            "contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two "
            "consecutive hyphens."
        )
    if params.get("Engine") not in ENGINES or params.get("DBClusterIdentifier"):
        raise bad_value(f"Invalid DB engine: {params.get('Engine')}. Local AWS runs {', '.join(ENGINES)}.")
    if not str(params.get("DBInstanceClass", "")).startswith("db."):
        raise bad_value(f"Invalid DB Instance class: {params.get('DBInstanceClass')}")
    if not params.get("AllocatedStorage"):
        raise bad_value("The parameter AllocatedStorage must be provided and must not be blank.")
    if (name := params.get("DBName")) and not _DATABASE.fullmatch(name):
        raise bad_value("DBName must begin with a letter and contain only alphanumeric characters.")
    _check_master(params)


def _check_master(params: Params) -> None:
    user = params.get("MasterUsername")
    if not user:
        raise bad_value("The parameter MasterUsername must be provided and must not be blank.")
    if user.lower() in _RESERVED_USERS or not _DATABASE.fullmatch(user):
        raise bad_value(f"MasterUsername {user} cannot be used as it is a reserved word used by the engine")
    check_password(params)
    if not params.get("MasterUserPassword") and not params.get("ManageMasterUserPassword"):
        raise bad_value("The parameter MasterUserPassword must be provided and must not be blank.")


def check_password(params: Params) -> None:
    password = params.get("MasterUserPassword")
    if password is None:
        return
    if params.get("ManageMasterUserPassword"):
        raise bad_combination("You can't specify MasterUserPassword for an instance with ManageMasterUserPassword.")
    if not 8 <= len(password) <= 128 or _FORBIDDEN_IN_PASSWORDS.search(password):
        raise bad_value(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides "
            "'/', '@', '\"', ' ' may be used."
        )


def new_record(params: Params, *, version: str, resource_id: str, now: datetime) -> Params:
    """A DBInstance in state creating."""
    facts, engine = ENGINES[params["Engine"]], params["Engine"]
    series = "-".join(version.split(".")[: facts.parts_of_family])
    record = {name: params.get(name, default) for name, default in _SAME_NAME.items()}
    if engine == "postgres" and not record["DBName"]:
        record["DBName"] = "postgres"
    insights = bool(params.get("EnablePerformanceInsights"))
    record |= {
        "DBInstanceArn": instance_arn(params["DBInstanceIdentifier"]),
        "DbiResourceId": resource_id,
        "DBInstanceStatus": "creating",
        "EngineVersion": version,
        "InstanceCreateTime": now,
        "LatestRestorableTime": now,
        "LicenseModel": params.get("LicenseModel") or facts.license,
        "DbInstancePort": 0,
        "OptionGroupMemberships": [
            {"OptionGroupName": params.get("OptionGroupName") or f"default:{engine}-{series}", "Status": "in-sync"}
        ],
        "IAMDatabaseAuthenticationEnabled": bool(params.get("EnableIAMDatabaseAuthentication")),
        "PerformanceInsightsEnabled": insights,
        "PerformanceInsightsRetentionPeriod": params.get("PerformanceInsightsRetentionPeriod", 7) if insights else None,
        "EnabledCloudwatchLogsExports": params.get("EnableCloudwatchLogsExports") or [],
        "CustomerOwnedIpEnabled": False,
        "ActivityStreamStatus": "stopped",
        "PendingModifiedValues": {},
        "TagList": params.get("Tags") or [],
        **{name: [] for name in _EMPTY_LISTS},
    } | storage(record)  # fmt: skip
    return {name: value for name, value in record.items() if value is not None}


_EMPTY_LISTS = (
    "DBSecurityGroups",
    "ReadReplicaDBInstanceIdentifiers",
    "DomainMemberships",
    "AssociatedRoles",
    "StatusInfos",
)


def storage(record: Params) -> Params:
    """gp3 below the striping threshold has 3,000 IOPS and 125 MiB/s ("Amazon RDS DB instance storage")."""
    if record["StorageType"] != "gp3":
        return {}
    return {"Iops": record.get("Iops") or 3000, "StorageThroughput": record.get("StorageThroughput") or 125}


def changes(record: Params, params: Params) -> tuple[Params, Params]:
    """ModifyDBInstance's changes of plain fields: those that apply now, and those that wait for the window."""
    now = {field: params[name] for name, field in AT_ONCE.items() if params.get(name) is not None}
    later = {
        field: params[name]
        for name, field in WAIT_FOR_WINDOW.items()
        if params.get(name) is not None and params[name] != current(record, field)
    }
    if now.get("PerformanceInsightsEnabled") and not record.get("PerformanceInsightsRetentionPeriod"):
        now.setdefault("PerformanceInsightsRetentionPeriod", 7)
    return (now | later, {}) if params.get("ApplyImmediately") else (now, later)


def current(record: Params, field: str) -> Any:
    return record.get("Endpoint", {}).get("Port") if field == "Port" else record.get(field)


def log_exports(record: Params, configuration: Params) -> list[str]:
    """CloudwatchLogsExportConfiguration applied to the exports of today."""
    enabled = [*record["EnabledCloudwatchLogsExports"], *configuration.get("EnableLogTypes", [])]
    disabled = configuration.get("DisableLogTypes", [])
    return sorted({kind for kind in enabled if kind not in disabled})


def in_window(window: str, now: datetime) -> bool:
    """Whether a moment lies in a weekly window such as "sun:23:45-mon:00:15" (UTC)."""
    start, end = (_minute_of_week(part) for part in window.lower().split("-"))
    minute = now.weekday() * 1440 + now.hour * 60 + now.minute
    return start <= minute < end if start <= end else minute >= start or minute < end


def _minute_of_week(text: str) -> int:
    day, hour, minute = text.split(":")
    return ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day) * 1440 + int(hour) * 60 + int(minute)


PRIVATE = frozenset({"RequestedPort", "External", "FinalSnapshot", "RestoredFrom"})  # ours, not RDS's


def public(record: Params) -> Params:
    """A record as DescribeDBInstances shows it."""
    return {name: value for name, value in record.items() if name not in PRIVATE}


_FILTERS = {
    "db-instance-id": ("DBInstanceIdentifier", "DBInstanceArn"),
    "dbi-resource-id": ("DbiResourceId",),
    "engine": ("Engine",),
    "db-cluster-id": ("DBClusterIdentifier",),
    "domain": (),
}


def matches(record: Params, filters: dict[str, list[str]]) -> bool:
    """DescribeDBInstances' filters: all of them, any of a filter's values."""
    unknown = filters.keys() - _FILTERS.keys()
    if unknown:
        raise bad_value(f"Unrecognized filter name: {', '.join(sorted(unknown))}")
    return all(any(record.get(field) in values for field in _FILTERS[name]) for name, values in filters.items())
