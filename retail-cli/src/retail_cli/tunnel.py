"""`retail tunnel`: ports of private databases on this machine, through Session Manager: no bastion, no open port.

Source: AWS Systems Manager User Guide, "Start a session (port forwarding to remote host)". The way in is any instance
of the project that Session Manager manages; the database must admit its security group.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from retail_cli.checkout import cache, project

DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
OPENING_SECONDS = 30
stderr = Console(stderr=True)


class TunnelError(Exception):
    """No way to the databases; the message says what is missing."""


@dataclass(frozen=True)
class Database:
    """What SSM parameters say of a database, and the user that people work as."""

    host: str
    port: int
    name: str
    secret: str


def tunnel(
    local_port: Annotated[int, typer.Option(help="Port on this machine for the source database.")] = 13306,
) -> None:
    """Forward ports to the private databases over SSM and print their variables; runs until interrupted."""
    try:
        _require_tools()
        instance = _instance()
        database = _source()
        session = _start(instance, database, local_port)
        _print_variables(database, local_port)
    except (BotoCoreError, ClientError, TunnelError) as error:
        stderr.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    stderr.print(f"source database at 127.0.0.1:{local_port} through {instance}; Ctrl-C closes it")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, lambda *_: session.terminate())
    try:
        raise typer.Exit(session.wait())
    except KeyboardInterrupt:
        session.wait()


def _require_tools() -> None:
    missing = [tool for tool in ("aws", "session-manager-plugin") if shutil.which(tool) is None]
    if missing:
        raise TunnelError(
            f"{' and '.join(missing)} must be on PATH. The plugin is AWS's own: Systems Manager User Guide, "
            '"Install the Session Manager plugin for the AWS CLI".'
        )


def _instance() -> str:
    """A managed instance of the project that is online."""
    pages: Any = boto3.client("ssm").get_paginator("describe_instance_information")
    filters = [{"Key": "tag:Project", "Values": [project()]}, {"Key": "PingStatus", "Values": ["Online"]}]
    found = [
        instance["InstanceId"]
        for page in pages.paginate(Filters=filters)
        for instance in page["InstanceInformationList"]
    ]
    if not found:
        raise TunnelError(
            f"No online instance with the tag Project={project()} is managed by Session Manager. Private databases are "
            "reached through the shop's: apply app-infrastructure, and look why its instances are not in service "
            f"(aws autoscaling describe-scaling-activities --auto-scaling-group-name {project()}-web)."
        )
    return str(sorted(found)[0])


def _source() -> Database:
    names = [f"/{project()}/source/{fact}" for fact in ("endpoint", "port", "database", "reader_secret_arn")]
    answer: Any = boto3.client("ssm").get_parameters(Names=names)
    values = {parameter["Name"].rpartition("/")[2]: parameter["Value"] for parameter in answer["Parameters"]}
    if len(values) < len(names):
        raise TunnelError("The source database is not deployed here: run `retail deploy` first.")
    return Database(values["endpoint"], int(values["port"]), values["database"], values["reader_secret_arn"])


def _start(instance: str, database: Database, local_port: int) -> subprocess.Popen[bytes]:
    parameters = {"host": [database.host], "portNumber": [str(database.port)], "localPortNumber": [str(local_port)]}
    command = ["aws", "ssm", "start-session", "--target", instance, "--document-name", DOCUMENT]
    session = subprocess.Popen([*command, "--parameters", json.dumps(parameters)], stdout=sys.stderr)
    deadline = time.monotonic() + OPENING_SECONDS
    while time.monotonic() < deadline and session.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", local_port)) == 0:
                return session
        time.sleep(0.5)
    session.terminate()
    raise TunnelError(f"The session to {instance} did not open port {local_port} within {OPENING_SECONDS} s.")


def _print_variables(database: Database, local_port: int) -> None:
    """Print `export` lines, as `make env` does for the laptop; the password goes to a file that only the user reads."""
    secret: Any = boto3.client("secretsmanager").get_secret_value(SecretId=database.secret)
    login = json.loads(secret["SecretString"])
    options = cache() / "tunnel" / f"{project()}.cnf"
    _write_private(options, login, local_port)
    typer.echo(f"export MYSQL_URL='mysql://{login['username']}@127.0.0.1:{local_port}/{database.name}'")
    typer.echo(f"export MYSQL_CNF='{options}'")


def _write_private(path: Path, login: dict[str, str], port: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    password = login["password"].replace("\\", "\\\\").replace('"', '\\"')
    # The certificate names the database's own host, not 127.0.0.1, so it is demanded but not matched.
    lines = [
        "[client]",
        "host=127.0.0.1",
        f"port={port}",
        f"user={login['username']}",
        f'password="{password}"',
        "ssl-mode=REQUIRED",
    ]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
