"""The rotation of a warehouse user: makes the warehouse ready, the user, and the secret's value; again and again."""

from __future__ import annotations

import json

import psycopg
import pytest
from batch_etl.handlers import rotate_user
from batch_etl.handlers.rotate_user import RotationError
from batch_etl.warehouse.roles import set_user
from warehouse_world import MASTER, PASSWORDS

TOKENS = ["11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"]
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class UnderRotation:
    """Secrets Manager as it is during a rotation, which moto starts only with a real Lambda: the secret's rotation is
    on, and the new version is pending and empty."""

    def __init__(self, client, token):
        self.client, self.token = client, token

    def describe_secret(self, SecretId):  # noqa: N803 - boto3's name
        held = self.client.describe_secret(SecretId=SecretId)
        stages = {self.token: ["AWSPENDING"]} | held.get("VersionIdsToStages", {})
        return {"Name": held["Name"], "RotationEnabled": True, "VersionIdsToStages": stages}

    def __getattr__(self, method):
        return getattr(self.client, method)


class Rotations:
    """The function as Terraform deploys it, beside a server without schema and users of ours."""

    def __init__(self, client, server, monkeypatch):
        self.client, self.server, self.monkeypatch = client, server, monkeypatch
        master = json.dumps({"username": MASTER.user, "password": MASTER.password})
        environment = {
            "AWS_DEFAULT_REGION": "us-east-1",
            "MASTER_SECRET_ARN": client.create_secret(Name="master", SecretString=master)["ARN"],
            "DB_HOST": "127.0.0.1", "DB_PORT": str(server.database.port), "DB_NAME": "warehouse",
            "CA_BUNDLE": str(server.database.tls.authority),
        }  # fmt: skip
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    def secret(self, user):
        """Empty, as Terraform makes it."""
        return self.client.create_secret(Name=f"retail/warehouse/{user}")["ARN"]

    def rotate(self, arn, token):
        """All four steps, each twice; returns the new password."""
        secrets = UnderRotation(self.client, token)
        self.monkeypatch.setattr(rotate_user.boto3, "client", lambda _service: secrets)
        for step in STEPS:
            for _ in range(2):
                rotate_user.handler({"SecretId": arn, "ClientRequestToken": token, "Step": step}, None)
        held = secrets.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
        return json.loads(held["SecretString"])["password"]


@pytest.fixture
def rotations(server, mocked_aws, monkeypatch):
    before = dict(PASSWORDS)
    yield Rotations(mocked_aws.client("secretsmanager"), server, monkeypatch)
    with server.connect() as connection:
        for user, password in before.items():
            set_user(connection, user, password)


def test_the_first_rotation_makes_schema_and_user(rotations, server, monkeypatch):
    server.do("DROP TABLE loads, product_performance")
    with server.connect() as connection:
        connection.execute("DROP ROLE warehouse_reader")
    password = rotations.rotate(rotations.secret("warehouse_reader"), TOKENS[0])
    monkeypatch.setitem(PASSWORDS, "warehouse_reader", password)
    assert server.ask("SELECT count(*) FROM loads") == [(0,)]


def test_two_rotations_leave_one_password_that_opens(rotations, server, monkeypatch):
    arn = rotations.secret("warehouse_loader")
    first, second = rotations.rotate(arn, TOKENS[0]), rotations.rotate(arn, TOKENS[1])
    monkeypatch.setitem(PASSWORDS, "warehouse_loader", second)
    assert server.ask("SELECT current_user", "warehouse_loader") == [("warehouse_loader",)]
    monkeypatch.setitem(PASSWORDS, "warehouse_loader", first)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        server.connect("warehouse_loader")
    assert server.ask("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'warehouse_loader'",
                      MASTER.user) == [(False, False, False)]  # fmt: skip


def test_a_secret_that_names_no_user_of_ours_is_refused(rotations):
    with pytest.raises(RotationError, match="names no user of the warehouse"):
        rotations.rotate(rotations.secret("somebody"), TOKENS[0])


def test_an_unknown_step_is_refused(rotations):
    with pytest.raises(RotationError, match="no step of a rotation"):
        rotate_user.handler({"SecretId": "x", "ClientRequestToken": TOKENS[0], "Step": "dance"}, None)


def test_a_function_without_its_environment_says_what_it_lacks(rotations, monkeypatch):
    monkeypatch.delenv("CA_BUNDLE")
    with pytest.raises(RotationError, match="lacks CA_BUNDLE"):
        rotate_user.handler({"SecretId": "x", "ClientRequestToken": TOKENS[0], "Step": STEPS[0]}, None)
