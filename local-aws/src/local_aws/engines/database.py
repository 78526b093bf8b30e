"""What a relational engine must do to stand in for RDS; mariadb.py and postgres.py do it."""

from __future__ import annotations

import os
import secrets
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from local_aws.certificates import ServerCertificate
from local_aws.supervisor import EngineSpec

ADMIN = "rdsadmin"  # as on RDS: the account by which RDS itself manages an instance
READY_SECONDS = 60


class DatabaseError(Exception):
    """A database could not be made, reached or changed; the message says why and what to do."""


@dataclass(frozen=True)
class Database:
    """One instance as its engine sees it. `parameters` are those that the user set in the parameter group."""

    name: str  # the engine's name for the supervisor
    folder: Path
    port: int
    tls: ServerCertificate
    parameters: Mapping[str, str] = field(default_factory=dict)
    version: str = ""  # what was asked for, e.g. "8.4.6"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def admin_password(self) -> str:
        return (self.folder / "rdsadmin").read_text()

    def log_file(self, kind: str) -> Path:
        """Where an engine writes a log besides its main one, e.g. "slowquery"."""
        return self.folder / f"{kind}.log"


@dataclass(frozen=True)
class Master:
    """The master user; `database` is made at creation and may be none."""

    user: str
    password: str
    database: str | None = None


class DatabaseEngine(Protocol):
    """All calls block."""

    @property
    def version(self) -> str: ...

    def initialise(self, database: Database, master: Master) -> None:
        """Make the data folder with the admin and master users. Does nothing when it is there."""

    def prepare(self, database: Database) -> EngineSpec:
        """Write the configuration and say how to run the engine."""

    def ignored(self, database: Database) -> list[str]:
        """Parameters of the group that this engine is not given."""

    def check(self, database: Database) -> None:
        """Raise unless the admin can log in over TLS."""

    def set_password(self, database: Database, user: str, password: str) -> None: ...

    def apply(self, database: Database) -> list[str]:
        """Make changed parameters true in the running engine; returns those that need a restart."""


def new_password(length: int = 28) -> str:
    """A password that RDS accepts for a master user and that no shell, URL or option file trips over."""
    letters = string.ascii_letters + string.digits
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(letters + "-_.~!*") for _ in range(length - 1))


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, readable by the user alone from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def wait_ready(check: Callable[[], None], still_running: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
    """An engine takes connections before it has recovered: try until it answers, stops, or the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            check()
        except DatabaseError:
            if time.monotonic() > deadline or not still_running():
                raise
            time.sleep(0.2)
        else:
            return
