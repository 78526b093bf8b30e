"""Local databases are killed, damaged and shut out; committed rows survive, and what cannot be saved is said."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pymysql
import pytest
from local_aws.context import client_for
from local_aws.reconcile import GATEWAY
from local_aws.settings import Settings
from local_aws.supervisor import EngineClient, read_status

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).parent / "local-aws")
SOON = 60.0


def eventually(condition: Callable[[], Any], seconds: float = SOON) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.2)
    return value


@dataclass(frozen=True)
class World:
    """A local AWS of these tests alone, in a folder with a long name and spaces."""

    settings: Settings

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "LOCAL_AWS_PORT": str(self.settings.port),
            "XDG_STATE_HOME": str(self.settings.state_home),
            "XDG_CACHE_HOME": str(self.settings.cache_home),
        }
        return subprocess.run([COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.settings.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def create(self, engine: str, name: str, *, wait: bool = True) -> None:
        self.client("rds").create_db_instance(
            DBInstanceIdentifier=name, Engine=engine, DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
            MasterUsername="shop_admin", ManageMasterUserPassword=True, DBName="shop",
        )  # fmt: skip
        if wait:
            self.await_status(name, "available")

    def describe(self, name: str) -> Any:
        return self.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]

    def await_status(self, name: str, status: str) -> None:
        eventually(lambda: self.describe(name)["DBInstanceStatus"] == status)

    def delete(self, name: str) -> None:
        rds = self.client("rds")
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        eventually(lambda: name not in [d["DBInstanceIdentifier"] for d in rds.describe_db_instances()["DBInstances"]])

    def connect(self, name: str) -> Any:
        found = self.describe(name)
        secret = self.client("secretsmanager").get_secret_value(SecretId=found["MasterUserSecret"]["SecretArn"])
        value, authority = json.loads(secret["SecretString"]), str(self.settings.state / "ca" / "ca.pem")
        login = {"user": value["username"], "password": value["password"], "host": "127.0.0.1"}
        if found["Engine"] == "postgres":
            trust = {"sslmode": "verify-full", "sslrootcert": authority}
            return psycopg.connect(**login, **trust, port=found["Endpoint"]["Port"], dbname="shop", autocommit=True)
        return pymysql.connect(
            **login, port=found["Endpoint"]["Port"], database="shop", ssl_ca=authority, autocommit=True
        )

    def run(self, name: str, *statements: str) -> Any:
        """The rows of the last statement."""
        with closing(self.connect(name)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else None

    def try_run(self, name: str, statement: str) -> Any:
        try:
            return self.run(name, statement)
        except (pymysql.MySQLError, psycopg.Error):
            return None

    def engine_pid(self, name: str) -> int:
        status = read_status(self.settings, name)
        assert status is not None
        return status.pid

    def kill(self, engine: str) -> None:
        """kill -9, then wait for the supervisor's next process to be healthy."""
        before = self.engine_pid(engine)
        os.kill(before, signal.SIGKILL)
        eventually(lambda: self.engine_pid(engine) != before and EngineClient(self.settings).healthy(engine))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = tmp_path_factory.mktemp("a state home with a name so long that no socket path would fit into it")
    world = World(Settings(CHECKOUT, port, cache, folder))
    done = world.command("up")
    assert done.returncode == 0, done.stderr
    yield world
    world.command("down")


@pytest.mark.parametrize("engine", ["mysql", "postgres"])
def test_a_killed_engine_comes_back_with_every_committed_row(world: World, engine: str) -> None:
    name = f"killed-{engine}"
    world.create(engine, name)
    world.run(name, "CREATE TABLE orders (id INT PRIMARY KEY)")
    connection = world.connect(name)
    cursor = connection.cursor()
    for number in range(200):
        cursor.execute("INSERT INTO orders VALUES (%s)", (number,))
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO orders VALUES (1000)")  # never committed

    world.kill(f"rds-{name}")

    assert eventually(lambda: world.try_run(name, "SELECT COUNT(*), MAX(id) FROM orders")) == [(200, 199)]
    assert world.describe(name)["DBInstanceStatus"] == "available"
    world.delete(name)


def test_a_gateway_that_dies_while_a_database_is_made_finishes_it(world: World) -> None:
    world.create("mysql", "interrupted", wait=False)

    world.kill(GATEWAY)

    world.await_status("interrupted", "available")
    assert world.run("interrupted", "SELECT 1") == [(1,)]
    world.delete("interrupted")


def test_a_rotation_that_a_crash_cut_in_half_is_finished_at_the_next_start(world: World) -> None:
    """The database has the new password, the secret still the old one: neither alone knows the truth."""
    world.create("mysql", "half-rotated")
    secrets, arn = world.client("secretsmanager"), world.describe("half-rotated")["MasterUserSecret"]["SecretArn"]
    versions = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    stage_password(world, arn, "staged-before-the-crash")

    world.kill(GATEWAY)

    eventually(lambda: secrets.describe_secret(SecretId=arn)["VersionIdsToStages"] != versions)
    eventually(lambda: "staged-before-the-crash" in secrets.get_secret_value(SecretId=arn)["SecretString"])
    assert eventually(lambda: world.try_run("half-rotated", "SELECT 1")) == [(1,)]
    world.delete("half-rotated")


def stage_password(world: World, arn: str, password: str) -> None:
    """As RDS itself does it, before it changes the database."""
    client_for("secretsmanager", world.settings).put_secret_value(
        SecretId=arn,
        SecretString=json.dumps({"username": "shop_admin", "password": password}),
        VersionStages=["AWSPENDING"],
    )


@pytest.mark.parametrize(
    ("engine", "file"), [("mysql", "ibdata1"), ("postgres", "global/pg_control")]
)  # fmt: skip
def test_a_damaged_database_is_failed_and_told_instead_of_restarted_for_ever(
    world: World, engine: str, file: str
) -> None:
    name = f"damaged-{engine}"
    world.create(engine, name)
    path = world.settings.state / "rds" / name / "data" / file
    os.kill(world.engine_pid(f"rds-{name}"), signal.SIGSTOP)
    path.write_bytes(os.urandom(64 * 1024))
    os.kill(world.engine_pid(f"rds-{name}"), signal.SIGKILL)

    world.await_status(name, "failed")

    [info] = world.describe(name)["StatusInfos"]
    assert "damaged" in info["Message"]
    assert (world.settings.logs / f"rds-{name}.failed.log").exists()
    assert not (world.settings.state / "engines" / f"rds-{name}" / "spec.json").exists()
    messages = [event["Message"] for event in world.client("rds").describe_events(SourceIdentifier=name)["Events"]]
    assert any("damaged" in message for message in messages)
    world.delete(name)


def test_a_port_that_another_process_took_is_named_and_given_back_once_free(world: World) -> None:
    world.create("mysql", "shut-out")
    port = world.describe("shut-out")["Endpoint"]["Port"]
    world.run("shut-out", "CREATE TABLE kept (id INT)")
    assert world.command("down").returncode == 0
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()

        refused = world.command("up")

        assert refused.returncode == 1
        said = " ".join(refused.stderr.split())
        assert "shut-out" in said
        assert f"port {port} is taken by" in said
        assert world.describe("shut-out")["DBInstanceStatus"] == "failed"
    world.command("down")
    assert world.command("up").returncode == 0
    world.await_status("shut-out", "available")
    assert world.run("shut-out", "SHOW TABLES") == [("kept",)]
    world.delete("shut-out")
