"""Start and stop local AWS as a whole: the supervisor, the gateway, and the bucket for Terraform's state."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from local_aws import daemon, processes
from local_aws.context import client_for
from local_aws.database_clients import databases_in
from local_aws.reconcile import GATEWAY, Supervisor
from local_aws.settings import ACCOUNT, REGION, Settings
from local_aws.supervisor import EngineClient, EngineSpec, engine_names, port_is_free, read_status

START_DEADLINE_SECONDS = 180
ENGINE_DEADLINE_SECONDS = 120
HOPELESS_AFTER_FAILURES = 3
STOP_DEADLINE_SECONDS = 90
STATE_BUCKET = f"retail-terraform-state-{ACCOUNT}-{REGION}"

Report = Callable[[str], None]


class StartError(Exception):
    """Local AWS could not start; the message says what to do."""


def up(settings: Settings, report: Report) -> None:
    """Start what is not running; returns when the gateway and every engine are healthy."""
    client = EngineClient(settings)
    fresh = not running(settings)
    if fresh:
        _refuse_taken_port(settings)
        client.ensure(gateway_spec(settings), wait=False)
    if daemon.daemon_process(settings) is None:
        settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        daemon.launch(settings)
    try:
        _wait_for_gateway(settings, client, report)
    except StartError:
        if fresh:
            down(settings)
        raise
    ensure_state_bucket(settings)
    _wait_for_engines(settings, client, report)
    _refuse_failed_databases(settings)


def down(settings: Settings) -> None:
    """Stop everything that was started for this state folder, whoever started it."""
    supervisor = daemon.daemon_process(settings)
    if supervisor is not None:
        processes.end(supervisor, timeout=STOP_DEADLINE_SECONDS)
    else:
        Supervisor(settings).stop_all()
    processes.end_all(processes.marked(settings.state))


def running(settings: Settings) -> bool:
    """Whether this state folder's gateway process lives."""
    status = read_status(settings, GATEWAY)
    return status is not None and status.process.alive


def gateway_spec(settings: Settings) -> EngineSpec:
    return EngineSpec(
        name=GATEWAY,
        argv=[sys.executable, "-m", "local_aws.gateway"],
        port=settings.port,
        environment=settings.process_environment(),
        health_url=f"{settings.endpoint_url}/_local_aws/health",
        start_timeout_seconds=START_DEADLINE_SECONDS,
        stop_timeout_seconds=60,
    )


def _refuse_failed_databases(settings: Settings) -> None:
    """A database with data that cannot be reached; everything else runs, so that it can be looked at or deleted."""
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    while databases_in(settings, "starting") and time.monotonic() < deadline:
        time.sleep(0.2)
    if failed := [name for name in databases_in(settings, "failed").items() if name[1]]:
        raise StartError("\n".join(f"Database {name} is not available: {reason}" for name, reason in failed))


def _refuse_taken_port(settings: Settings) -> None:
    if not port_is_free(settings.port):
        raise StartError(
            f"Port {settings.port} is taken by {processes.holder_of(settings.port)}. "
            "Stop that process, or choose another port with LOCAL_AWS_PORT=4600."
        )


def _wait_for_gateway(settings: Settings, client: EngineClient, report: Report) -> None:
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    while not client.healthy(GATEWAY):
        status = read_status(settings, GATEWAY)
        if status and status.failures:
            raise StartError(f"The gateway ended while starting ({status.detail}).\n{client.log_end(GATEWAY)}")
        if time.monotonic() > deadline:
            raise StartError(f"The gateway is not healthy after {START_DEADLINE_SECONDS} s: {client.log_path(GATEWAY)}")
        report("waiting for the gateway")
        time.sleep(0.1)


def _wait_for_engines(settings: Settings, client: EngineClient, report: Report) -> None:
    """Engines of databases and queries come back by themselves; one that cannot is named, and the rest goes on."""
    deadline = time.monotonic() + ENGINE_DEADLINE_SECONDS
    while waiting := [name for name in engine_names(settings) if not client.healthy(name)]:
        statuses = [read_status(settings, name) for name in waiting]
        hopeless = all(status and status.failures >= HOPELESS_AFTER_FAILURES for status in statuses)
        if hopeless or time.monotonic() > deadline:
            named = "; ".join(f"{name} (log: {client.log_path(name)})" for name in waiting)
            raise StartError(f"local AWS is up at {settings.endpoint_url}, but without {named}")
        report("waiting for " + ", ".join(waiting))
        time.sleep(0.1)


def ensure_state_bucket(settings: Settings) -> None:
    """The bucket for Terraform's state, versioned, as `make bootstrap` makes it on AWS."""
    s3: Any = client_for("s3", settings)
    with contextlib.suppress(ClientError):
        s3.head_bucket(Bucket=STATE_BUCKET)
        return
    s3.create_bucket(Bucket=STATE_BUCKET)
    s3.put_bucket_versioning(Bucket=STATE_BUCKET, VersioningConfiguration={"Status": "Enabled"})
