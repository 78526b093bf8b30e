"""The rotation of an application user's password: four steps, each repeatable, from an empty secret on."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from unittest.mock import MagicMock

import boto3
import pytest
from moto import mock_aws
from source_database.connection import Login
from source_database.errors import LoginRefusedError
from source_database.handlers import rotate_user
from source_database.handlers.rotate_user import RotationError, handler, set_user

TOKEN = "11111111-2222-3333-4444-555555555555"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Server:
    """A database server that remembers passwords and statements."""

    def __init__(self) -> None:
        self.passwords = {"retail_admin": "master"}
        self.statements: list[tuple[str, tuple[str, ...]]] = []

    def connect(self, _address, login, _database=None, **_options):
        if self.passwords.get(login.user) != login.password:
            raise LoginRefusedError(f"{login.user} was refused.", "…")
        connection = MagicMock()
        connection.cursor.return_value = nullcontext(self)
        return nullcontext(connection)

    def execute(self, statement, arguments=()):
        self.statements.append((statement, arguments))
        if statement.startswith("ALTER USER"):
            self.passwords[statement.split("'")[1]] = arguments[0]

    def fetchone(self):
        return (0,)


@pytest.fixture
def server(monkeypatch):
    server = Server()
    monkeypatch.setattr(rotate_user, "connect", server.connect)
    monkeypatch.setattr("source_database.connection.connect", server.connect)
    return server


@pytest.fixture
def secrets(monkeypatch):
    """Secrets Manager with the master's secret, and a function environment that names it."""
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DB_HOST": "db.example",
        "DB_PORT": "3306",
        "DB_NAME": "classicmodels",
        "CA_BUNDLE": "/opt/ca/source-ca.pem",
        "MASTER_SECRET_ARN": "master",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="master", SecretString=json.dumps({"username": "retail_admin", "password": "master"}))
        yield client


class Described:
    """Secrets Manager as the service is during a rotation, which moto starts only with a real Lambda: the secret's
    rotation is on, and the new version is pending and empty."""

    def __init__(self, client, name: str, stages: dict[str, list[str]]) -> None:
        self.client, self.name, self.stages = client, name, stages
        self.exceptions = client.exceptions

    def describe_secret(self, SecretId):  # noqa: N803 - boto3's name
        held = self.client.describe_secret(SecretId=SecretId).get("VersionIdsToStages", {})
        return {"Name": self.name, "RotationEnabled": True, "VersionIdsToStages": self.stages | held}

    def __getattr__(self, method):
        return getattr(self.client, method)


@pytest.fixture
def rotate(secrets, server, monkeypatch):
    """Run steps of the rotation of a secret that has never had a value."""

    def run(*steps: str, user: str = "retail_reader", token: str = TOKEN):
        name = f"retail/source/{user}"
        if name not in [held["Name"] for held in secrets.list_secrets()["SecretList"]]:
            secrets.create_secret(Name=name)
        described = Described(secrets, name, {token: ["AWSPENDING"]})
        monkeypatch.setattr(rotate_user.boto3, "client", lambda _service: described)
        for step in steps:
            handler({"SecretId": name, "ClientRequestToken": token, "Step": step}, None)
        return secrets

    return run


def value(secrets, user: str = "retail_reader") -> dict[str, str]:
    held = secrets.get_secret_value(SecretId=f"retail/source/{user}", VersionStage="AWSCURRENT")
    return json.loads(held["SecretString"])


def test_an_empty_secret_becomes_a_user_who_can_log_in(rotate, server):
    held = value(rotate(*STEPS))
    assert {**held, "password": "…"} == {
        "engine": "mysql",
        "host": "db.example",
        "port": 3306,
        "dbname": "classicmodels",
        "username": "retail_reader",
        "password": "…",
    }
    assert len(held["password"]) >= 32
    assert server.passwords["retail_reader"] == held["password"]


def test_the_next_rotation_changes_the_password_and_makes_it_current(rotate, server):
    first = value(rotate(*STEPS))["password"]
    second = value(rotate(*STEPS, token=TOKEN[::-1]))["password"]
    assert first != second
    assert server.passwords["retail_reader"] == second


def test_every_step_may_be_repeated(rotate, server):
    held = value(rotate("createSecret", "createSecret", "setSecret", "setSecret", "testSecret", "finishSecret", *STEPS))
    assert server.passwords["retail_reader"] == held["password"]


def test_a_password_that_was_not_set_fails_the_test_step(rotate):
    with pytest.raises(LoginRefusedError):
        rotate("createSecret", "testSecret")


def test_a_step_before_the_first_one_is_an_error(rotate):
    with pytest.raises(RotationError, match="has no value"):
        rotate("setSecret")


@pytest.mark.parametrize(
    ("user", "rights"), [("retail_reader", "SELECT"), ("retail_writer", "SELECT, INSERT, UPDATE, DELETE")]
)
def test_a_user_gets_tls_and_the_least_rights_on_the_source_alone(server, user, rights):
    with server.connect(None, Login("retail_admin", "master")) as connection:
        set_user(connection, Login(user, "new"), "classic_models")
    assert server.statements == [
        (f"CREATE USER IF NOT EXISTS '{user}'@'%%' IDENTIFIED BY %s REQUIRE SSL", ("new",)),
        (f"ALTER USER '{user}'@'%%' IDENTIFIED BY %s REQUIRE SSL", ("new",)),
        (rf"GRANT {rights} ON `classic\_models`.* TO '{user}'@'%'", ()),
    ]


def test_a_secret_of_someone_else_is_refused(rotate, server):
    with pytest.raises(RotationError, match="names no user of ours"):
        rotate("createSecret", user="root")
    assert server.statements == []


def test_an_unknown_step_and_an_unknown_version_are_refused(rotate, secrets):
    with pytest.raises(RotationError, match="no step"):
        rotate("dropSecret")
    rotate("createSecret")
    with pytest.raises(RotationError, match="neither pending nor current"):
        handler({"SecretId": "retail/source/retail_reader", "ClientRequestToken": "x" * 32, "Step": "setSecret"}, None)


def test_a_function_without_its_environment_says_what_is_missing(monkeypatch):
    monkeypatch.delenv("DB_HOST", raising=False)
    with pytest.raises(RotationError, match="DB_HOST"):
        handler({"SecretId": "s", "ClientRequestToken": "t", "Step": "createSecret"}, None)


def test_no_password_is_ever_logged(rotate, caplog):
    with caplog.at_level("DEBUG", logger=rotate_user.__name__):
        held = value(rotate(*STEPS))
    assert held["password"] not in caplog.text


def test_the_function_needs_no_more_than_its_layer_holds():
    """Lambda has boto3, the layer PyMySQL; whatever the loader needs is not there."""
    script = (
        "import sys, source_database.handlers.rotate_user; "
        "print(*sorted({'numpy', 'pyarrow', 'rich', 'typer'} & set(sys.modules)))"
    )
    imported = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert imported.split() == []
