"""Local AWS is killed in every place that can be killed; what it acknowledged is there afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from local_aws.daemon import daemon_process
from local_aws.processes import marked
from local_aws.reconcile import GATEWAY
from local_aws.settings import Settings
from local_aws.supervisor import EngineClient, EngineError, EngineSpec, port_is_free, read_status

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).parent / "local-aws")
SOON = 30.0
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Core:
    """A local AWS of these tests alone."""

    settings: Settings

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "LOCAL_AWS_PORT": str(self.settings.port),
            "XDG_STATE_HOME": str(self.settings.state_home),
            "XDG_CACHE_HOME": str(self.settings.cache_home),
        }
        return subprocess.run([COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False)

    def up(self) -> None:
        done = self.command("up")
        assert done.returncode == 0, done.stderr

    def client(self, service: str) -> Any:
        """A client that does not try again: what fails here was not acknowledged."""
        return boto3.client(
            service,
            config=Config(retries={"total_max_attempts": 1}),
            endpoint_url=self.settings.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @property
    def gateway(self) -> int:
        status = read_status(self.settings, GATEWAY)
        assert status is not None
        return status.pid

    @property
    def supervisor(self) -> int:
        found = daemon_process(self.settings)
        assert found is not None
        return found.pid

    def kill_gateway(self) -> None:
        """kill -9, then wait until the supervisor has started another one."""
        before = self.gateway
        os.kill(before, signal.SIGKILL)
        self.await_another_gateway(before)

    def await_another_gateway(self, before: int) -> None:
        eventually(lambda: self.gateway != before and EngineClient(self.settings).healthy(GATEWAY))


def eventually(condition: Callable[[], object], seconds: float = SOON) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Core]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    core = Core(Settings(CHECKOUT, port, cache, tmp_path_factory.mktemp("a state home")))
    core.up()
    yield core
    core.command("down")


def echo_engine(core: Core, name: str = "echo") -> EngineSpec:
    """A stand-in for a database: a process that listens on its port."""
    port = EngineClient(core.settings).free_port(name)
    return EngineSpec(name, [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], port)


def test_what_was_acknowledged_survives_the_death_of_the_gateway(core: Core) -> None:
    s3, glue, dynamodb, secrets = (core.client(name) for name in ("s3", "glue", "dynamodb", "secretsmanager"))
    s3.create_bucket(Bucket="lake")
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="lake", Key="t/metadata/1.json", Body=b"one", Metadata={"writer": "spark"})
    s3.put_object(Bucket="lake", Key="t/metadata/1.json", Body=b"two")
    glue.create_database(DatabaseInput={"Name": "gold"})
    glue.create_table(DatabaseName="gold", TableInput={"Name": "t", "Parameters": {"metadata_location": "1"}})
    glue.update_table(DatabaseName="gold", TableInput={"Name": "t", "Parameters": {"metadata_location": "2"}})
    dynamodb.create_table(
        TableName="lock",
        KeySchema=[{"AttributeName": "lockName", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "lockName", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="lock", Item={"lockName": {"S": "publish"}, "owner": {"S": "run-1"}})
    secret = secrets.create_secret(Name="reader", SecretString=json.dumps({"password": "old"}))["ARN"]
    secrets.put_secret_value(SecretId=secret, SecretString=json.dumps({"password": "new"}))

    core.kill_gateway()

    assert glue.get_table(DatabaseName="gold", Name="t")["Table"]["Parameters"] == {"metadata_location": "2"}
    assert s3.get_object(Bucket="lake", Key="t/metadata/1.json")["Body"].read() == b"two"
    versions = s3.list_object_versions(Bucket="lake")["Versions"]
    bodies = {
        s3.get_object(Bucket="lake", Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
        for version in versions
    }
    assert bodies == {b"one", b"two"}
    assert s3.get_bucket_versioning(Bucket="lake")["Status"] == "Enabled"
    assert dynamodb.get_item(TableName="lock", Key={"lockName": {"S": "publish"}})["Item"]["owner"] == {"S": "run-1"}
    assert json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"]) == {"password": "new"}


def test_no_write_that_was_acknowledged_is_lost_when_the_gateway_dies_while_writing(core: Core) -> None:
    glue, s3 = core.client("glue"), core.client("s3")
    s3.create_bucket(Bucket="torn")
    glue.create_database(DatabaseInput={"Name": "torn"})
    glue.create_table(DatabaseName="torn", TableInput={"Name": "t", "Parameters": {"version": "0"}})
    before = core.gateway
    killer = subprocess.Popen(["sh", "-c", f"sleep 1.5; kill -9 {before}"])
    acknowledged = -1
    for version in range(10_000):
        try:
            s3.put_object(Bucket="torn", Key=f"metadata/{version}", Body=str(version).encode() * 1000)
            glue.update_table(DatabaseName="torn", TableInput={"Name": "t", "Parameters": {"version": str(version)}})
        except (BotoCoreError, ClientError):
            break
        acknowledged = version
    killer.wait()
    core.await_another_gateway(before)

    found = int(glue.get_table(DatabaseName="torn", Name="t")["Table"]["Parameters"]["version"])
    assert found >= acknowledged > 0
    assert s3.get_object(Bucket="torn", Key=f"metadata/{found}")["Body"].read() == str(found).encode() * 1000


def test_other_state_is_at_most_ten_seconds_old_after_the_death_of_the_gateway(core: Core) -> None:
    core.client("sns").create_topic(Name="alerts")
    core.client("logs").create_log_group(logGroupName="/aws/test")
    time.sleep(10)

    core.kill_gateway()

    assert [topic["TopicArn"][-6:] for topic in core.client("sns").list_topics()["Topics"]] == ["alerts"]
    assert core.client("logs").describe_log_groups(logGroupNamePrefix="/aws/test")["logGroups"]


def test_a_full_disk_refuses_what_does_not_fit_and_keeps_what_was_there(core: Core) -> None:
    """The kernel refuses the gateway's writes beyond a size, as it does on a disk that is full."""
    s3, glue = core.client("s3"), core.client("glue")
    s3.create_bucket(Bucket="full")
    s3.create_bucket(Bucket="full-versions")
    s3.put_bucket_versioning(Bucket="full-versions", VersioningConfiguration={"Status": "Enabled"})
    for bucket in ("full", "full-versions"):
        s3.put_object(Bucket=bucket, Key="t/1.json", Body=b"old")
    gateway = psutil.Process(core.gateway)
    before = gateway.rlimit(psutil.RLIMIT_FSIZE)
    gateway.rlimit(psutil.RLIMIT_FSIZE, (4 * MEGABYTE, before[1]))
    try:
        for bucket in ("full", "full-versions"):
            for key in ("t/1.json", "t/2.json"):
                with pytest.raises((ClientError, BotoCoreError)):
                    s3.put_object(Bucket=bucket, Key=key, Body=b"new" * 2 * MEGABYTE)
            assert s3.get_object(Bucket=bucket, Key="t/1.json")["Body"].read() == b"old"
        glue.create_database(DatabaseInput={"Name": "full"})
    finally:
        gateway.rlimit(psutil.RLIMIT_FSIZE, before)

    versions = s3.list_object_versions(Bucket="full-versions")["Versions"]
    assert [(version["Key"], version["Size"], version["IsLatest"]) for version in versions] == [("t/1.json", 3, True)]
    core.kill_gateway()
    for bucket in ("full", "full-versions"):
        assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["t/1.json"]
        assert s3.get_object(Bucket=bucket, Key="t/1.json")["Body"].read() == b"old"
        s3.put_object(Bucket=bucket, Key="t/1.json", Body=b"new" * 2 * MEGABYTE)
        assert s3.get_object(Bucket=bucket, Key="t/1.json")["Body"].read() == b"new" * 2 * MEGABYTE
    assert glue.get_database(Name="full")["Database"]["Name"] == "full"


def test_a_dead_engine_is_started_again(core: Core) -> None:
    engines, spec = EngineClient(core.settings), echo_engine(core)
    engines.ensure(spec)
    first = read_status(core.settings, "echo")
    assert first is not None

    os.kill(first.pid, signal.SIGKILL)

    eventually(lambda: engines.healthy("echo") and getattr(read_status(core.settings, "echo"), "pid", 0) != first.pid)
    engines.remove("echo")
    assert port_is_free(spec.port)


def test_an_engine_that_cannot_start_is_an_error_with_the_end_of_its_log(core: Core) -> None:
    engines = EngineClient(core.settings)
    script = "import sys; sys.exit('datadir is corrupt')"

    with pytest.raises(EngineError, match="datadir is corrupt"):
        engines.ensure(EngineSpec("broken", [sys.executable, "-c", script], engines.free_port("broken")))

    engines.remove("broken")


def test_the_next_up_takes_over_what_a_killed_supervisor_left(core: Core) -> None:
    EngineClient(core.settings).ensure(echo_engine(core))
    engine, gateway, supervisor = read_status(core.settings, "echo"), core.gateway, core.supervisor
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: daemon_process(core.settings) is None)
    assert "the supervisor is not running" in core.command("status").stderr

    core.up()

    assert core.supervisor != supervisor
    assert core.gateway == gateway
    assert read_status(core.settings, "echo") == engine
    EngineClient(core.settings).remove("echo")


def test_down_after_a_killed_supervisor_leaves_no_process(core: Core) -> None:
    spec = echo_engine(core)
    EngineClient(core.settings).ensure(spec)
    os.kill(core.supervisor, signal.SIGKILL)
    os.kill(core.gateway, signal.SIGKILL)

    assert core.command("down").returncode == 0

    assert list(marked(core.settings.state)) == []
    assert port_is_free(spec.port)
    assert port_is_free(core.settings.port)
    core.up()
    eventually(lambda: EngineClient(core.settings).healthy("echo"))
    EngineClient(core.settings).remove("echo")


def test_a_taken_port_is_named_with_its_holder(core: Core) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = Core(Settings(CHECKOUT, other.getsockname()[1], core.settings.cache_home, core.settings.state_home))

        refused = taken.command("up")

    assert refused.returncode == 1
    assert f"Port {taken.settings.port} is taken" in refused.stderr
    assert f"pid {os.getpid()}" in refused.stderr
    assert "LOCAL_AWS_PORT" in refused.stderr
    assert daemon_process(taken.settings) is None


def test_what_an_engine_started_with_a_bare_environment_ends_with_down_too(core: Core) -> None:
    note = core.settings.state / "worker"
    worker = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(999)"
    parent = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {worker!r}, sys.argv[1]], env={{}},"
        " start_new_session=True); time.sleep(999)"
    )
    subprocess.Popen([sys.executable, "-c", parent, note], env=core.settings.process_environment())
    eventually(lambda: note.exists() and note.read_text())

    core.command("down")

    assert not psutil.pid_exists(int(note.read_text()))
    core.up()


def test_a_job_process_ends_with_down_even_when_it_left_every_group(core: Core) -> None:
    orphan = (
        "import os, sys, time; os.fork() and sys.exit(); os.setsid(); "
        "open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(999)"
    )
    note = core.settings.state / "orphan"
    subprocess.run([sys.executable, "-c", orphan, note], env=core.settings.process_environment(), check=True)
    eventually(lambda: note.exists() and note.read_text())
    pid = int(note.read_text())

    core.command("down")

    assert not psutil.pid_exists(pid)
    core.up()
