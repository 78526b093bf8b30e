"""How a user's own clients reach the databases of this local AWS: URLs without passwords, passwords in private files.

Everything is read through the AWS APIs (SSM parameters, Secrets Manager), as `make tunnel` does on AWS.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.database_clients import postgres_trust, source_ca
from local_aws.settings import Settings

log = logging.getLogger("local_aws.connections")

PROJECT = "retail"


@dataclass(frozen=True)
class Login:
    """A database as one user reaches it."""

    host: str
    port: int
    database: str
    user: str
    password: str

    def url(self, scheme: str, query: str = "") -> str:
        return f"{scheme}://{quote(self.user)}@{self.host}:{self.port}/{self.database}{query and '?' + query}"


@dataclass(frozen=True)
class Kind:
    """Where a database's facts stand in SSM (/<project>/<group>/…), whose secret users get, and the variable's name."""

    group: str
    secret: str
    variable: str
    scheme: str


KINDS = (
    Kind("source", "reader_secret_arn", "MYSQL_URL", "mysql"),
    Kind("vector-db", "admin_secret_arn", "VECTOR_DB_URL", "postgresql"),
    Kind("warehouse", "reader_secret_arn", "WAREHOUSE_DB_URL", "postgresql"),
)


def connection_variables(settings: Settings, client: Callable[[str], Any]) -> dict[str, str]:
    """MYSQL_URL, MYSQL_CNF, … for the databases that exist now; their password files are written anew."""
    variables: dict[str, str] = {}
    passwords: list[Login] = []
    for kind in KINDS:
        login = read_login(client, kind)
        if login is None:
            continue
        trust = postgres_trust(settings) if kind.scheme == "postgresql" else ""
        variables[kind.variable] = login.url(kind.scheme, trust)
        if kind.scheme == "mysql":
            variables["MYSQL_CNF"] = str(write_option_file(settings, login))
        else:
            passwords.append(login)
    if passwords:
        variables["PGPASSFILE"] = str(write_password_file(settings, passwords))
    return variables


class ClientFiles:
    """Writes the password files anew soon after a secret changed (a rotation, say)."""

    def __init__(self, settings: Settings, client: Callable[[str], Any], delay_seconds: float = 1.0) -> None:
        self._settings, self._client, self._delay = settings, client, delay_seconds
        self._pending: asyncio.TimerHandle | None = None

    def refresh_soon(self) -> None:
        """Call from the event loop; many changes at once are one refresh."""
        if self._pending is not None:
            self._pending.cancel()
        loop = asyncio.get_running_loop()
        self._pending = loop.call_later(self._delay, loop.run_in_executor, None, self._refresh)

    def _refresh(self) -> None:
        try:
            connection_variables(self._settings, self._client)
        except OSError:
            log.exception("the password files could not be written")


def read_login(client: Callable[[str], Any], kind: Kind) -> Login | None:
    """None while the database, its parameters or its user's password do not exist."""
    prefix = f"/{PROJECT}/{kind.group}/"
    names = ["endpoint", "port", "database", kind.secret]
    try:
        found = client("ssm").get_parameters(Names=[prefix + name for name in names])["Parameters"]
        facts = {parameter["Name"].removeprefix(prefix): parameter["Value"] for parameter in found}
        secret = json.loads(client("secretsmanager").get_secret_value(SecretId=facts[kind.secret])["SecretString"])
        return Login(
            facts["endpoint"], int(facts["port"]), facts["database"], secret["username"], secret["password"]
        )  # fmt: skip
    except (BotoCoreError, ClientError, KeyError, ValueError) as error:
        log.debug("%s is not there yet: %s", kind.group, error)
        return None


def write_option_file(settings: Settings, login: Login) -> Path:
    """What the mysql client reads with --defaults-extra-file."""
    password = login.password.replace("\\", "\\\\").replace('"', '\\"')
    lines = ["[client]", f"host={login.host}", f"port={login.port}", f"user={login.user}", f'password="{password}"']
    lines.append(f'ssl-ca="{source_ca(settings)}"')
    return _write_private(settings.state / "clients" / "mysql.cnf", lines)


def write_password_file(settings: Settings, logins: list[Login]) -> Path:
    """libpq's password file."""
    rows = [(login.host, str(login.port), login.database, login.user, login.password) for login in logins]
    lines = [":".join(part.replace("\\", "\\\\").replace(":", "\\:") for part in row) for row in rows]
    return _write_private(settings.state / "clients" / "pgpass", lines)


def _write_private(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    draft.replace(path)
    return path
