"""Rotates the password of a warehouse user: the four steps of Secrets Manager's rotation.

The first rotation also sets the warehouse up (sql/warehouse) and makes the user, so that a fresh `terraform apply` ends
with a warehouse that can be loaded and no password stands in Terraform's state. Every step may be repeated. Nothing
here logs a password. The secret's name ends with the user's.
Source: AWS Secrets Manager User Guide, "Rotation by Lambda function".
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from batch_etl.errors import EtlError
from batch_etl.warehouse.roles import MEMBERSHIPS, set_user
from batch_etl.warehouse.schema import set_up

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

PASSWORD_BYTES = 30


class RotationError(EtlError):
    """The secret is not one that this function rotates, or not in a state in which it can."""


@dataclass(frozen=True)
class Settings:
    """Environment: MASTER_SECRET_ARN, DB_HOST, DB_PORT, DB_NAME, CA_BUNDLE (a PEM file in the layer)."""

    master_secret: str
    host: str
    port: int
    database: str
    ca: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        names = ("MASTER_SECRET_ARN", "DB_HOST", "DB_PORT", "DB_NAME", "CA_BUNDLE")
        if missing := [name for name in names if not environment.get(name)]:
            raise RotationError(f"The function lacks {', '.join(missing)}. Set them in its environment.")
        master, host, port, database, ca = (environment[name] for name in names)
        return cls(master, host, int(port), database, ca)


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
            "engine": "postgres",
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
        """Set the warehouse up and make the user with the pending password, as the master user."""
        master = json.loads(self.client.get_secret_value(SecretId=self.settings.master_secret)["SecretString"])
        with self._connect(master) as connection:
            set_up(connection)
            set_user(connection, self.user, self._login()["password"])

    def test_secret(self) -> None:
        """Log in as the user and read."""
        with self._connect(self._login()) as connection:
            connection.execute("SELECT count(*) FROM warehouse.loads")

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

    def _connect(self, login: Mapping[str, Any]) -> Any:
        import psycopg  # noqa: PLC0415 - two of the four steps need no database

        return psycopg.connect(
            host=self.settings.host,
            port=self.settings.port,
            dbname=self.settings.database,
            user=login["username"],
            password=login["password"],
            sslmode="verify-full",
            sslrootcert=self.settings.ca,
            connect_timeout=10,
        )

    def _value(self) -> dict[str, Any] | None:
        """What the version holds. By its id alone: a secret's first version may be labelled AWSCURRENT as it is put."""
        try:
            held = self.client.get_secret_value(SecretId=self.secret, VersionId=self.token)
        except self.client.exceptions.ResourceNotFoundException:
            return None
        return dict(json.loads(held["SecretString"]))

    def _login(self) -> dict[str, Any]:
        value = self._value()
        if value is None:
            raise RotationError(f"Version {self.token} of {self.secret} has no value. Rotate the secret again.")
        return value


STEPS: dict[str, Callable[[Rotation], None]] = {
    "createSecret": Rotation.create_secret,
    "setSecret": Rotation.set_secret,
    "testSecret": Rotation.test_secret,
    "finishSecret": Rotation.finish_secret,
}


def handler(event: dict[str, str], context: object) -> None:
    """Entry point: {SecretId, ClientRequestToken, Step}. Raises when a step failed: Secrets Manager retries it."""
    rotation = under_way(Settings.from_environment(os.environ), boto3.client("secretsmanager"), event)
    STEPS[event["Step"]](rotation)
    logger.info("%s done for %s", event["Step"], rotation.user)


def under_way(settings: Settings, client: Any, event: Mapping[str, str]) -> Rotation:
    """The rotation that an event is about; raises RotationError when it cannot be."""
    if event.get("Step") not in STEPS:
        raise RotationError(f"{event.get('Step')!r} is no step of a rotation. Steps are {', '.join(STEPS)}.")
    secret, token = event["SecretId"], event["ClientRequestToken"]
    described = client.describe_secret(SecretId=secret)
    user = described["Name"].rsplit("/", 1)[-1]
    if user not in MEMBERSHIPS:
        raise RotationError(
            f"The secret {described['Name']} names no user of the warehouse. Its name must end with "
            f"{' or '.join(MEMBERSHIPS)}."
        )
    if not described.get("RotationEnabled"):
        raise RotationError(f"Rotation is not switched on for {secret}. Attach it with a rotation schedule.")
    if not {"AWSPENDING", "AWSCURRENT"} & set(described.get("VersionIdsToStages", {}).get(token, [])):
        raise RotationError(f"Version {token} of {secret} is neither pending nor current. Start the rotation again.")
    return Rotation(settings, client, secret, token, user)
