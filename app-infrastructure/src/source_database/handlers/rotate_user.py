"""Rotates the password of an application's database user: the four steps of Secrets Manager's rotation.

The user need not exist and the secret need not have a value: the first rotation makes both, so that no password
stands in Terraform's state. Every step may be repeated. Nothing here logs a password.
Source: AWS Secrets Manager User Guide, "Rotation by Lambda function" and "PutSecretValue".
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from source_database.connection import Address, Login, MySql, Source, connect
from source_database.errors import SourceError

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

# What each application may do, on the source database and nowhere else.
RIGHTS = {
    "retail_reader": ("SELECT",),
    "retail_writer": ("SELECT", "INSERT", "UPDATE", "DELETE"),
}
PASSWORD_BYTES = 30
_DATABASE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class Settings:
    """The function's environment, checked before anything is done."""

    master_secret: str
    host: str
    port: int
    database: str
    ca: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        names = ("MASTER_SECRET_ARN", "DB_HOST", "DB_PORT", "DB_NAME", "CA_BUNDLE")
        if missing := [name for name in names if not environment.get(name)]:
            raise RotationError(f"The function lacks {', '.join(missing)}.", "Set them in its environment.")
        if not _DATABASE_NAME.fullmatch(environment["DB_NAME"]):
            raise RotationError(f"DB_NAME {environment['DB_NAME']!r} is no plain name.", "Use letters, digits and _.")
        return cls(
            environment["MASTER_SECRET_ARN"],
            environment["DB_HOST"],
            int(environment["DB_PORT"]),
            environment["DB_NAME"],
            Path(environment["CA_BUNDLE"]),
        )

    @property
    def address(self) -> Address:
        return Address(self.host, self.port, self.database, self.ca)


class RotationError(SourceError):
    """The secret is not one that this function rotates, or not in a state in which it can."""


@dataclass(frozen=True)
class Rotation:
    """One rotation under way: `token` names the version that is to become current."""

    settings: Settings
    client: Any
    secret: str
    token: str
    user: str

    def create_secret(self) -> None:
        """Put a new password into the pending version, unless an earlier try has."""
        if self._value() is not None:
            return
        value = {
            "engine": "mysql",
            "host": self.settings.host,
            "port": self.settings.port,
            "dbname": self.settings.database,
            "username": self.user,
            "password": secrets.token_urlsafe(PASSWORD_BYTES),
        }
        self.client.put_secret_value(
            SecretId=self.secret,
            ClientRequestToken=self.token,
            SecretString=json.dumps(value),
            VersionStages=["AWSPENDING"],
        )

    def set_secret(self) -> None:
        """Make the user with the pending password and its rights, as the master user."""
        master = Source(self.settings.address, self._master)
        with master.connect() as connection:
            set_user(connection, self._login(), self.settings.database)

    def test_secret(self) -> None:
        """Log in as the user and read."""
        address = self.settings.address
        with connect(address, self._login(), address.database) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
            cursor.fetchone()

    def finish_secret(self) -> None:
        """Make the pending version current."""
        versions = self.client.describe_secret(SecretId=self.secret)["VersionIdsToStages"]
        current = next((version for version, stages in versions.items() if "AWSCURRENT" in stages), None)
        if current == self.token:
            return
        leaving = {"RemoveFromVersionId": current} if current else {}
        self.client.update_secret_version_stage(
            SecretId=self.secret, VersionStage="AWSCURRENT", MoveToVersionId=self.token, **leaving
        )

    def _value(self) -> dict[str, Any] | None:
        """What the version holds. By its id alone: a secret's first version may be labelled AWSCURRENT as it is put."""
        try:
            held = self.client.get_secret_value(SecretId=self.secret, VersionId=self.token)
        except self.client.exceptions.ResourceNotFoundException:
            return None
        return dict(json.loads(held["SecretString"]))

    def _login(self) -> Login:
        value = self._value()
        if value is None:
            raise RotationError(f"Version {self.token} of {self.secret} has no value.", "Rotate the secret again.")
        return Login(value["username"], value["password"])

    def _master(self) -> Login:
        held = json.loads(self.client.get_secret_value(SecretId=self.settings.master_secret)["SecretString"])
        return Login(held["username"], held["password"])


STEPS: dict[str, Callable[[Rotation], None]] = {
    "createSecret": Rotation.create_secret,
    "setSecret": Rotation.set_secret,
    "testSecret": Rotation.test_secret,
    "finishSecret": Rotation.finish_secret,
}


def handler(event: dict[str, str], context: object) -> None:
    """Entry point: {SecretId, ClientRequestToken, Step}. Raises when a step failed: Secrets Manager retries it."""
    settings = Settings.from_environment(os.environ)
    rotation = under_way(settings, boto3.client("secretsmanager"), event)
    STEPS[event["Step"]](rotation)
    logger.info("%s done for %s", event["Step"], rotation.user)


def set_user(connection: MySql, login: Login, database: str) -> None:
    """Create or change the user so that it has this password, needs TLS, and holds the rights of its name."""
    rights = ", ".join(RIGHTS[login.user])
    schema = database.replace("_", r"\_")  # in a grant, _ stands for any character
    with connection.cursor() as cursor:
        account = f"'{login.user}'@'%%'"
        cursor.execute(f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY %s REQUIRE SSL", (login.password,))
        cursor.execute(f"ALTER USER {account} IDENTIFIED BY %s REQUIRE SSL", (login.password,))
        cursor.execute(f"GRANT {rights} ON `{schema}`.* TO '{login.user}'@'%'")


def under_way(settings: Settings, client: Any, event: dict[str, str]) -> Rotation:
    """The rotation that an event is about; raises RotationError when it cannot be."""
    if event.get("Step") not in STEPS:
        raise RotationError(f"{event.get('Step')!r} is no step of a rotation.", f"Steps are {', '.join(STEPS)}.")
    secret, token = event["SecretId"], event["ClientRequestToken"]
    described = client.describe_secret(SecretId=secret)
    user = described["Name"].rsplit("/", 1)[-1]
    if user not in RIGHTS:
        raise RotationError(
            f"The secret {described['Name']} names no user of ours.", f"Its name must end with {' or '.join(RIGHTS)}."
        )
    if not described.get("RotationEnabled"):
        raise RotationError(f"Rotation is not switched on for {secret}.", "Attach it with a rotation schedule.")
    if not {"AWSPENDING", "AWSCURRENT"} & set(described.get("VersionIdsToStages", {}).get(token, [])):
        raise RotationError(f"Version {token} of {secret} is neither pending nor current.", "Start the rotation again.")
    return Rotation(settings, client, secret, token, user)
