"""Logging in: over verified TLS, and with a password that a rotation changes meanwhile."""

from __future__ import annotations

import dataclasses
import json

import boto3
import pytest
from batch_etl.errors import OptionError, WarehouseAccessDenied, WarehouseUnreachable
from batch_etl.warehouse.connection import Login, connected, read_login
from batch_etl.warehouse.options import LoadOptions
from local_aws.certificates import Authority

OLD, GOOD = Login("warehouse_loader", "old"), Login("warehouse_loader", "loads")


def user(warehouse):
    with connected(warehouse, "a test") as connection:
        return connection.execute("SELECT current_user, current_setting('timezone')").fetchone()


def test_a_password_that_is_just_being_rotated_opens(server):
    assert user(server.warehouse(AWSCURRENT=OLD, AWSPENDING=GOOD)) == ("warehouse_loader", "UTC")


def test_a_password_that_became_current_after_it_was_read_opens(server):
    answers = iter([OLD, None, GOOD])
    assert user(dataclasses.replace(server.warehouse(), read_login=lambda _stage: next(answers)))


def test_a_wrong_password_names_the_user_and_the_remedy(server):
    with pytest.raises(WarehouseAccessDenied, match=r"refuses user 'warehouse_loader'.*Rotate the secret"):
        user(server.warehouse(AWSCURRENT=OLD))


def test_a_server_that_another_authority_signed_for_is_not_trusted(server, tmp_path):
    other = Authority(tmp_path / "other").ensure()
    with pytest.raises(WarehouseUnreachable, match="certificate verify failed"):
        user(dataclasses.replace(server.warehouse(), ca=other))


def test_the_secret_is_read_by_its_stage(mocked_aws):
    secrets = mocked_aws.client("secretsmanager")
    arn = secrets.create_secret(Name="retail/warehouse/warehouse_loader", SecretString=json.dumps(
        {"username": "warehouse_loader", "password": "loads"}))["ARN"]  # fmt: skip
    read = read_login(secrets, arn)
    assert (read("AWSCURRENT"), read("AWSPENDING")) == (GOOD, None)
    assert "loads" not in repr(GOOD)


def test_a_secret_of_another_form_says_so(mocked_aws: boto3.Session):
    secrets = mocked_aws.client("secretsmanager")
    arn = secrets.create_secret(Name="odd", SecretString="{}")["ARN"]
    with pytest.raises(WarehouseAccessDenied, match="username and password"):
        read_login(secrets, arn)("AWSCURRENT")


ARGUMENTS = {
    "project": "retail", "lake_bucket": "retail-lake", "warehouse_host": "db.internal", "warehouse_port": "5433",
    "warehouse_database": "warehouse", "warehouse_secret_arn": "arn:x", "warehouse_ca": "s3://bucket/ca.pem",
    "JOB_RUN_ID": "jr_1",
}  # fmt: skip


def argv(**changes):
    given = {name: value for name, value in (ARGUMENTS | changes).items() if value is not None}
    return ["job.py", *(part for name, value in given.items() for part in (f"--{name}", value))]


def test_arguments_are_read_as_glue_passes_them():
    options = LoadOptions.from_argv(argv(force="true"))
    assert options == LoadOptions(
        "retail", "retail-lake", "db.internal", 5433, "warehouse", "arn:x", "s3://bucket/ca.pem", "jr_1", True
    )
    assert options.gold == "retail_gold"


@pytest.mark.parametrize(("name", "value"), [("warehouse_host", None), ("warehouse_ca", "ca.pem"), ("force", "yes")])
def test_an_argument_that_makes_no_sense_is_named(name, value):
    with pytest.raises(OptionError, match=f"--{name}"):
        LoadOptions.from_argv(argv(**{name: value}))
