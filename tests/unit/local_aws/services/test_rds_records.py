"""DB instances as RDS describes them, and what RDS refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from local_aws.services import rds_records as records
from local_aws.wire import AwsError

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)  # a Monday
REQUEST = {
    "DBInstanceIdentifier": "shop",
    "Engine": "mysql",
    "DBInstanceClass": "db.t4g.micro",
    "AllocatedStorage": 20,
    "MasterUsername": "shop_admin",
    "ManageMasterUserPassword": True,
}


def record(**changes: Any) -> dict[str, Any]:
    return records.new_record(REQUEST | changes, version="8.4.7", resource_id="db-1", now=NOW)


@pytest.mark.parametrize(
    ("engine", "asked", "version"),
    [("mysql", "8.4", "8.4.7"), ("mysql", "8.4.3", "8.4.3"), ("mysql", None, "8.4.7"), ("postgres", "18", "18.4")],
)
def test_a_version_prefix_stands_for_its_newest_version(engine: str, asked: str | None, version: str) -> None:
    assert records.ENGINES[engine].version(asked) == version


@pytest.mark.parametrize(("engine", "asked"), [("mysql", "9.9"), ("mysql", "5.7.44"), ("postgres", "8.4")])
def test_an_unknown_version_is_refused(engine: str, asked: str) -> None:
    with pytest.raises(AwsError, match="Cannot find version"):
        records.ENGINES[engine].version(asked)


def test_a_parameter_group_family_is_engine_and_series() -> None:
    families = [
        records.ENGINES["mysql"].family("mysql", "8.4.7"),
        records.ENGINES["postgres"].family("postgres", "18.4"),
    ]
    assert families == ["mysql8.4", "postgres18"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"DBInstanceIdentifier": "1shop"}, "InvalidParameterValue"),
        ({"DBInstanceIdentifier": "shop--two"}, "InvalidParameterValue"),
        ({"Engine": "oracle-ee"}, "InvalidParameterValue"),
        ({"DBInstanceClass": "t4g.micro"}, "InvalidParameterValue"),
        ({"AllocatedStorage": None}, "InvalidParameterValue"),
        ({"MasterUsername": "rdsadmin"}, "InvalidParameterValue"),
        ({"DBName": "shop`; drop"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "long-enough"}, "InvalidParameterCombination"),
        ({"ManageMasterUserPassword": False}, "InvalidParameterValue"),
        ({"ManageMasterUserPassword": False, "MasterUserPassword": "with@sign"}, "InvalidParameterValue"),
        ({"ManageMasterUserPassword": False, "MasterUserPassword": "short"}, "InvalidParameterValue"),
    ],
)
def test_creation_refuses_what_rds_refuses(change: dict[str, Any], code: str) -> None:
    records.check_create(REQUEST)
    with pytest.raises(AwsError) as refusal:
        records.check_create(REQUEST | change)
    assert refusal.value.code == code


def test_gp3_has_its_baseline() -> None:
    plain, gp3 = record(), record(StorageType="gp3")
    assert "Iops" not in plain
    assert (gp3["Iops"], gp3["StorageThroughput"]) == (3000, 125)


def test_changes_wait_for_the_maintenance_window_unless_they_apply_immediately() -> None:
    wanted = {"DBInstanceClass": "db.t4g.small", "DeletionProtection": True, "AllocatedStorage": 20}
    assert records.changes(record(), wanted) == ({"DeletionProtection": True}, {"DBInstanceClass": "db.t4g.small"})
    at_once = {"DeletionProtection": True, "DBInstanceClass": "db.t4g.small"}
    assert records.changes(record(), wanted | {"ApplyImmediately": True}) == (at_once, {})


def test_log_exports_are_switched_on_and_off() -> None:
    exported = record(EnableCloudwatchLogsExports=["error"])
    change = {"EnableLogTypes": ["slowquery"], "DisableLogTypes": ["error"]}
    assert records.log_exports(exported, change) == ["slowquery"]


@pytest.mark.parametrize(
    ("window", "inside"),
    [
        ("mon:11:30-mon:12:30", True),
        ("mon:12:01-mon:12:30", False),
        ("sun:23:00-mon:13:00", True),
        ("tue:00:00-mon:11:00", False),
    ],
)
def test_a_maintenance_window_may_cross_the_week(window: str, inside: bool) -> None:
    assert records.in_window(window, NOW) is inside


def test_filters_are_all_of_names_any_of_values() -> None:
    found = record()
    assert records.matches(found, {"dbi-resource-id": ["db-0", "db-1"], "engine": ["mysql"]})
    assert not records.matches(found, {"dbi-resource-id": ["db-1"], "engine": ["postgres"]})
    with pytest.raises(AwsError, match="Unrecognized filter"):
        records.matches(found, {"colour": ["blue"]})


def test_what_is_ours_alone_is_not_shown() -> None:
    shown = records.public(record() | {"External": True, "RequestedPort": 1})
    assert not {"External", "RequestedPort"} & set(shown)
