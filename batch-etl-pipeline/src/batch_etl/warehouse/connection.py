"""Logging in to the warehouse: over verified TLS, with a password that a rotation may change at any moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from botocore.exceptions import ClientError

from batch_etl.errors import WarehouseAccessDenied, WarehouseError, WarehouseRefused, WarehouseUnreachable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

Stage = Literal["AWSCURRENT", "AWSPENDING"]
_SESSION = " ".join(
    f"-c {setting}"
    for setting in (
        "timezone=UTC",
        "lock_timeout=10s",
        # A loader whose host is gone frees the load's lock within a minute.
        "tcp_keepalives_idle=30",
        "tcp_keepalives_interval=10",
        "tcp_keepalives_count=3",
    )
)


@dataclass(frozen=True)
class Login:
    """Who logs in; `repr` keeps the password to itself."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r})"


@dataclass(frozen=True)
class Warehouse:
    """Where the database is, which CA signed its certificate, and how to learn the login (again, after a rotation)."""

    host: str
    port: int
    database: str
    ca: Path
    read_login: Callable[[Stage], Login | None]

    def __str__(self) -> str:
        return f"{self.database} at {self.host}:{self.port}"


def read_login(secrets: SecretsManagerClient, arn: str) -> Callable[[Stage], Login | None]:
    """A function that reads the secret anew each time; None for a stage that the secret does not have now."""

    def read(stage: Stage) -> Login | None:
        try:
            content = json.loads(secrets.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"])
            return Login(content["username"], content["password"])
        except ClientError as problem:
            if problem.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise WarehouseAccessDenied(
                f"Secret {arn} cannot be read: {problem.response['Error'].get('Message')}. Let the job's role read it."
            ) from problem
        except (KeyError, ValueError) as problem:
            raise WarehouseAccessDenied(
                f"Secret {arn} is not a JSON object with username and password. Rotate it."
            ) from problem

    return read


@contextmanager
def connected(warehouse: Warehouse, application: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection in autocommit, whose errors say what to do. `application` is what pg_stat_activity shows."""
    connection = _connect(warehouse, application)
    try:
        yield connection
    except psycopg.Error as problem:
        raise _explained(warehouse, problem) from problem
    finally:
        connection.close()


def _connect(warehouse: Warehouse, application: str) -> psycopg.Connection[Any]:
    """With the current password, else the one that a rotation is making current, else what has become current."""
    tried: list[Login] = []
    stages: tuple[Stage, ...] = ("AWSCURRENT", "AWSPENDING", "AWSCURRENT")
    for stage in stages:
        login = warehouse.read_login(stage)
        if login is None or login in tried:
            continue
        tried.append(login)
        try:
            return _open(warehouse, login, application)
        except psycopg.OperationalError as problem:
            if "authentication failed" not in str(problem):
                raise WarehouseUnreachable(
                    f"{warehouse} cannot be reached over TLS: {_first_line(problem)}. Check that it runs, that the "
                    "job's security group may reach it, and that --warehouse_ca is the bundle that signed its "
                    "certificate."
                ) from problem
    if not tried:
        raise WarehouseAccessDenied("The loader's secret has no value yet. Wait for its first rotation, or rotate it.")
    raise WarehouseAccessDenied(
        f"{warehouse} refuses user {tried[-1].user!r}, also after the secret was read again. Rotate the secret."
    )


def _open(warehouse: Warehouse, login: Login, application: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=warehouse.host,
        port=warehouse.port,
        dbname=warehouse.database,
        user=login.user,
        password=login.password,
        sslmode="verify-full",
        sslrootcert=str(warehouse.ca),
        connect_timeout=10,
        application_name=application,
        options=_SESSION,
        client_encoding="utf8",
        autocommit=True,
    )


def _explained(warehouse: Warehouse, problem: psycopg.Error) -> WarehouseError:
    diagnosis = problem.diag
    if isinstance(problem, psycopg.IntegrityError | psycopg.DataError):
        where = " ".join(part for part in (diagnosis.message_detail, diagnosis.context) if part)
        return WarehouseRefused(
            f"{warehouse} refuses a row of the lake: {_first_line(problem)}. {where} Correct it in its source, or the "
            "constraint in sql/warehouse/schema.sql; until then the load before this one stays."
        )
    if isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError):
        return WarehouseUnreachable(
            f"{warehouse} went away during the load, or had no room: {_first_line(problem)}. The load before this one "
            "stays. Run the job again."
        )
    return WarehouseError(f"{warehouse} refused a statement of the load: {_first_line(problem)}.")


def _first_line(problem: Exception) -> str:
    return str(problem).strip().partition("\n")[0].rstrip(".") or type(problem).__name__
