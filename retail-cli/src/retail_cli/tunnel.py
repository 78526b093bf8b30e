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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from retail_cli.certificates import CertificateError, rds_bundle
from retail_cli.checkout import cache, project

DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
OPENING_SECONDS = 30
stderr = Console(stderr=True)


class TunnelError(Exception):
    """No way to the databases; the message says what is missing."""


@dataclass(frozen=True)
class Database:
    """What SSM parameters say of a database, and the secret of the user that people work as."""

    title: str
    host: str
    port: int
    name: str
    secret: str


@dataclass(frozen=True)
class Login:
    """That user, and the port of this machine behind which the database is."""

    database: Database
    user: str
    password: str
    local_port: int


def tunnel(
    local_port: Annotated[int, typer.Option(help="Port on this machine for the source database.")] = 13306,
    warehouse_port: Annotated[int, typer.Option(help="Port on this machine for the warehouse.")] = 15432,
) -> None:
    """Forward ports to the private databases over SSM and print their variables; runs until interrupted."""
    sessions: list[subprocess.Popen[bytes]] = []
    try:
        _require_tools()
        instance = _instance()
        source = _source()
        sessions.append(_start(instance, source, local_port))
        lines = _source_variables(_login(source, local_port))
        if warehouse := _database("warehouse"):
            sessions.append(_start(instance, warehouse, warehouse_port))
            lines += _warehouse_variables(_login(warehouse, warehouse_port))
    except (BotoCoreError, ClientError, CertificateError, TunnelError) as error:
        _end(sessions)
        stderr.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    typer.echo("\n".join(lines))
    sys.stdout.flush()
    stderr.print(f"{len(sessions)} databases are reached through {instance}; Ctrl-C closes the way")
    raise typer.Exit(_wait(sessions))


def _wait(sessions: Sequence[subprocess.Popen[bytes]]) -> int:
    """Until a session has ended, by itself or by a signal; then none is left. Its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: _end(sessions))
    try:
        while all(session.poll() is None for session in sessions):
            time.sleep(0.5)
    except KeyboardInterrupt:
        pass
    _end(sessions)
    return max(abs(session.wait()) for session in sessions)


def _end(sessions: Sequence[subprocess.Popen[bytes]]) -> None:
    for session in sessions:
        session.terminate()


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
    source = _database("source")
    if source is None:
        raise TunnelError("The source database is not deployed here: run `retail deploy` first.")
    return source


def _database(title: str) -> Database | None:
    """None while it is not deployed."""
    names = [f"/{project()}/{title}/{fact}" for fact in ("endpoint", "port", "database", "reader_secret_arn")]
    answer: Any = boto3.client("ssm").get_parameters(Names=names)
    values = {parameter["Name"].rpartition("/")[2]: parameter["Value"] for parameter in answer["Parameters"]}
    if len(values) < len(names):
        return None
    return Database(title, values["endpoint"], int(values["port"]), values["database"], values["reader_secret_arn"])


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
    raise TunnelError(
        f"The session to the {database.title} through {instance} did not open port {local_port} within "
        f"{OPENING_SECONDS} s."
    )


def _login(database: Database, local_port: int) -> Login:
    secret: Any = boto3.client("secretsmanager").get_secret_value(SecretId=database.secret)
    content = json.loads(secret["SecretString"])
    return Login(database, content["username"], content["password"], local_port)


def _source_variables(login: Login) -> list[str]:
    """`export` lines as `make env` prints them for the laptop; the password goes to a file that only the user reads."""
    options = cache() / "tunnel" / f"{project()}.cnf"
    password = login.password.replace("\\", "\\\\").replace('"', '\\"')
    # The certificate names the database's own host, not 127.0.0.1, so it is demanded but not matched.
    _write_private(
        options,
        [
            "[client]",
            "host=127.0.0.1",
            f"port={login.local_port}",
            f"user={login.user}",
            f'password="{password}"',
            "ssl-mode=REQUIRED",
        ],
    )
    url = f"mysql://{login.user}@127.0.0.1:{login.local_port}/{login.database.name}"
    return [f"export MYSQL_URL='{url}'", f"export MYSQL_CNF='{options}'"]


def _warehouse_variables(login: Login) -> list[str]:
    """As for the source. libpq dials hostaddr and checks the certificate against the database's own host."""
    folder, database = cache() / "tunnel", login.database
    passwords, authority = folder / f"{project()}.pgpass", folder / "rds-ca.pem"
    row = (database.host, str(login.local_port), database.name, login.user, login.password)
    _write_private(passwords, [":".join(part.replace("\\", "\\\\").replace(":", "\\:") for part in row)])
    authority.write_bytes(rds_bundle())
    trust = f"hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={quote(str(authority))}"
    url = f"postgresql://{login.user}@{database.host}:{login.local_port}/{database.name}?{trust}"
    return [f"export WAREHOUSE_DB_URL='{url}'", f"export PGPASSFILE='{passwords}'"]


def _write_private(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
