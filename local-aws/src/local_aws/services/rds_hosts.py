"""Where an instance's database really lives: an engine of ours, or a server of the user's. All calls block."""

from __future__ import annotations

import logging
import os
import shutil
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql

from local_aws.certificates import Authority
from local_aws.context import Context
from local_aws.engines import mariadb, postgres
from local_aws.engines.database import Database, DatabaseEngine, DatabaseError, Master, wait_ready
from local_aws.supervisor import EngineError
from local_aws.wire import Params

log = logging.getLogger("local_aws.rds")

TAKEN = "is taken by"  # the supervisor's words for a port that another process holds
FREE_THE_PORT = "Stop that process, then run `make down up`."
EXTERNAL_VARIABLE = "EXTERNAL_MYSQL_URL"


class Host(Protocol):
    """What the service does with an instance's database; `parameters` are those set in its parameter group."""

    def create(self, record: Params, password: str, parameters: dict[str, str]) -> Params:
        """Make the database and start it; returns its Endpoint."""

    def start(self, record: Params, parameters: dict[str, str]) -> None: ...

    def stop(self, record: Params) -> None: ...

    def remove(self, record: Params) -> None: ...

    def set_password(self, record: Params, password: str) -> None: ...

    def apply(self, record: Params, parameters: dict[str, str]) -> list[str]:
        """Make parameters true without a restart; returns those that need one."""


@dataclass(frozen=True)
class EngineHost:
    """A real engine under the supervisor; its files are in <state>/rds/<identifier>."""

    ctx: Context

    def create(self, record: Params, password: str, parameters: dict[str, str]) -> Params:
        engine = self.engine(record)
        database = self._database(record, parameters)
        name = record.get("DBName")
        engine.initialise(database, Master(record["MasterUsername"], password, name))
        self.start(record, parameters)
        return {"Address": "127.0.0.1", "Port": database.port, "HostedZoneId": "Z2R2ITUGPM61AM"}

    def start(self, record: Params, parameters: dict[str, str]) -> None:
        engine, database = self.engine(record), self._database(record, parameters)
        if not database.data.exists():
            raise DatabaseError(f"The data folder {database.data} is gone. Delete the instance and make it anew.")
        if ignored := engine.ignored(database):
            log.warning("%s runs without the parameters %s", database.name, ", ".join(ignored))
        try:
            self.ctx.engines.ensure(engine.prepare(database))
        except EngineError as error:
            raise _explained(error) from None
        wait_ready(lambda: engine.check(database), lambda: self.ctx.engines.healthy(database.name))

    def stop(self, record: Params) -> None:
        self.ctx.engines.remove(engine_name(record))

    def remove(self, record: Params) -> None:
        self.stop(record)
        shutil.rmtree(self.folder(record), ignore_errors=True)

    def set_password(self, record: Params, password: str) -> None:
        self.engine(record).set_password(self._database(record, {}), record["MasterUsername"], password)

    def apply(self, record: Params, parameters: dict[str, str]) -> list[str]:
        return self.engine(record).apply(self._database(record, parameters))

    def engine(self, record: Params) -> DatabaseEngine:
        find = postgres.find if record["Engine"] == "postgres" else mariadb.find
        return find(self.ctx.settings)

    def folder(self, record: Params) -> Path:
        return self.ctx.settings.state / "rds" / str(record["DBInstanceIdentifier"])

    def _database(self, record: Params, parameters: dict[str, str]) -> Database:
        folder = self.folder(record)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Database(
            name=engine_name(record),
            folder=folder,
            port=record.get("Endpoint", {}).get("Port") or self._port(record),
            tls=Authority(self.ctx.settings.state / "ca").issue(folder / "tls"),
            parameters=parameters,
            version=record["EngineVersion"],
        )

    def _port(self, record: Params) -> int:
        return record.get("RequestedPort") or self.ctx.engines.free_port(engine_name(record))


def _explained(error: EngineError) -> Exception:
    """A port that another process holds needs no log to be understood."""
    first = str(error).partition("\n")[0]
    return DatabaseError(f"{first} {FREE_THE_PORT}") if TAKEN in first else error


def engine_name(record: Params) -> str:
    return f"rds-{record['DBInstanceIdentifier']}"


@dataclass(frozen=True)
class ExternalMySql:
    """What EXTERNAL_MYSQL_URL says: mysql://user:password@host:port/database?ssl-ca=/path/to/ca.pem."""

    host: str
    port: int
    user: str
    password: str
    database: str | None
    ca: str | None

    @classmethod
    def from_environment(cls) -> ExternalMySql | None:
        url = os.environ.get(EXTERNAL_VARIABLE, "")
        return cls.parse(url) if url else None

    @classmethod
    def parse(cls, url: str) -> ExternalMySql:
        parts = urlsplit(url)
        if parts.scheme != "mysql" or not parts.hostname or not parts.username:
            raise DatabaseError(f"{EXTERNAL_VARIABLE} must read mysql://user:password@host:3306/database?ssl-ca=/path.")
        query = parse_qs(parts.query)
        return cls(
            host=parts.hostname,
            port=parts.port or 3306,
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
            database=parts.path.lstrip("/") or None,
            ca=query.get("ssl-ca", [None])[0],
        )


@dataclass(frozen=True)
class ExternalHost:
    """A MySQL server of the user's: handed out, checked, never changed and never deleted."""

    server: ExternalMySql

    def create(self, record: Params, password: str, parameters: dict[str, str]) -> Params:
        self.start(record, parameters)
        return {"Address": self.server.host, "Port": self.server.port, "HostedZoneId": "Z2R2ITUGPM61AM"}

    def start(self, record: Params, parameters: dict[str, str]) -> None:
        server = self.server
        context = ssl.create_default_context(cafile=server.ca) if server.ca else None
        try:
            pymysql.connect(
                host=server.host, port=server.port, user=server.user, password=server.password,
                database=server.database, ssl=context, connect_timeout=10,
            ).close()  # fmt: skip
        except (pymysql.MySQLError, OSError) as error:
            raise DatabaseError(
                f"The database of {EXTERNAL_VARIABLE} at {server.host}:{server.port} does not answer: {error}"
            ) from None

    def stop(self, record: Params) -> None:
        """It is not ours to stop."""

    def remove(self, record: Params) -> None:
        """It is not ours to delete."""

    def set_password(self, record: Params, password: str) -> None:
        raise DatabaseError(
            f"{record['DBInstanceIdentifier']} is the database of {EXTERNAL_VARIABLE}: change its password there, "
            "then start local AWS with the new URL."
        )

    def apply(self, record: Params, parameters: dict[str, str]) -> list[str]:
        return []
