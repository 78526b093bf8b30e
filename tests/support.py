"""A running local AWS as tests use it: its environment, its clients, its jobs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import boto3
import psutil
from local_aws.environment import after_env
from local_aws.reconcile import GATEWAY
from local_aws.settings import Settings
from local_aws.supervisor import EngineClient, read_status
from source_database.addresses import find_source

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED_DATA = CHECKOUT.parent / "shared" / "data"
BIN = Path(sys.executable).parent
JOB_DEADLINE_SECONDS = 900

RESTART_SECONDS = 60
_FIRST_PORT, _BLOCK, _BLOCKS = 20_000, 50, 100  # each worker of pytest has so many blocks of so many ports
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 2
_PORT_BLOCKS = islice(cycle(range(_BLOCKS)), os.getpid() % _BLOCKS, None)


@dataclass(frozen=True)
class LocalAws:
    """A running local AWS; `env` is what `make env` exports, as a whole environment for subprocesses."""

    port: int
    state_home: Path

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def settings(self) -> Settings:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return Settings(checkout=CHECKOUT, port=self.port, cache_home=cache, state_home=self.state_home)

    @property
    def host_env(self) -> dict[str, str]:
        """The caller's environment, pointed at this port and state, before `make env`."""
        return os.environ | {
            "LOCAL_AWS_PORT": str(self.port),
            "XDG_STATE_HOME": str(self.state_home),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            # A build of its own: it holds this local AWS's certificates, and a developer's own one must not change.
            "TF_VAR_artifacts_dir": str(self.state_home / "build"),
            # All visitors of the tests come from one address.
            "TF_VAR_firewall": "{ requests_per_client = 100000000 }",
            # Schedules are real: at two in the morning, UTC, the nightly run would meet the tests' own.
            "TF_VAR_schedule": "{ enabled = false }",
            "TF_VAR_retraining": "{ enabled = false }",
            "TF_VAR_hourly": "{ enabled = false }",
            "TF_VAR_transaction_feed": "{ enabled = false, nightly = false }",
        }

    @property
    def env(self) -> dict[str, str]:
        return after_env(self.host_env, CHECKOUT)

    def run(self, *command: str, timeout: int = 900, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as a user would after `eval "$(make -s env)"`; its output is shown when it fails."""
        done = subprocess.run(
            command, cwd=CHECKOUT, env=self.env, capture_output=True, text=True, timeout=timeout, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    @contextmanager
    def running(self, *command: str, timeout: int = 900) -> Iterator[None]:
        """Run a command beside the block, whose end waits for it; its output is shown when it fails."""
        with TemporaryFile("w+") as output:
            child = subprocess.Popen(command, cwd=CHECKOUT, env=self.env, stdout=output, stderr=output)
            try:
                yield
                child.wait(timeout)
            finally:
                child.terminate()
                child.wait()
            output.seek(0)
            assert child.returncode == 0, f"{' '.join(command)} ended with {child.returncode}\n{output.read()}"

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def fact(self, name: str) -> str:
        """What Terraform wrote to SSM under /retail/."""
        return str(self.client("ssm").get_parameter(Name=f"/retail/{name}")["Parameter"]["Value"])

    def source_sql(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement in the source as its administrator; returns the rows."""
        source = find_source(environment=self.env, aws=self.client)
        with source.connect("classicmodels") as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def kill_gateway(self) -> None:
        """kill -9, then wait until the supervisor has started another one."""
        before = read_status(self.settings, GATEWAY)
        assert before is not None
        os.kill(before.pid, signal.SIGKILL)
        deadline = time.monotonic() + RESTART_SECONDS
        while not self._has_gateway_after(before.pid):
            assert time.monotonic() < deadline, "the gateway did not come back"
            time.sleep(0.2)

    def _has_gateway_after(self, pid: int) -> bool:
        """What the supervisor said last may still be of the one that was killed."""
        now = read_status(self.settings, GATEWAY)
        return now is not None and now.pid != pid and EngineClient(self.settings).healthy(GATEWAY)

    def run_job(self, name: str = "retail-etl-job", **arguments: str) -> dict[str, Any]:
        """Run a Glue job to its end and return the JobRun, whatever its state."""
        glue = self.client("glue")
        run_id = glue.start_job_run(JobName=name, Arguments={f"--{key}": value for key, value in arguments.items()})
        return wait_for_job(glue, name, run_id["JobRunId"])

    def run_state_machine(self, name: str, execution: str) -> dict[str, Any]:
        """Run a state machine to its end and return the execution, whatever its status."""
        states = self.client("stepfunctions")
        machines = states.list_state_machines()["stateMachines"]
        machine = next(found["stateMachineArn"] for found in machines if found["name"] == name)
        arn = states.start_execution(stateMachineArn=machine, name=execution, input="{}")["executionArn"]
        deadline = time.monotonic() + JOB_DEADLINE_SECONDS
        while time.monotonic() < deadline:
            found: dict[str, Any] = states.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                return found
            time.sleep(1)
        raise AssertionError(f"{execution} of {name} did not end within {JOB_DEADLINE_SECONDS} s")


def process_of(instance: str) -> psutil.Process | None:
    """The host process of an instance."""
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "local_aws.engines.instance_host" in command and command[-1].endswith(instance):
            return process
    return None


def wait_for_job(glue: Any, name: str, run_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + JOB_DEADLINE_SECONDS
    while time.monotonic() < deadline:
        run: dict[str, Any] = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
        if run["JobRunState"] in {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}:
            return run
        time.sleep(1)
    raise AssertionError(f"{name} {run_id} did not end within {JOB_DEADLINE_SECONDS} s")


def free_port() -> int:
    """The first of fifty ports of its own, below those that the system gives to outgoing connections.

    One of these may take the port of an engine that is down for a moment, and then the engine cannot come back.
    """
    for block in islice(_PORT_BLOCKS, _BLOCKS):
        port = _FIRST_PORT + (_WORKER * _BLOCKS + block) * _BLOCK
        with suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"no port from {_FIRST_PORT} on is free")
