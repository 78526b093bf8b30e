"""PostgreSQL 18 with pgvector in RDS for PostgreSQL's place: initialised, configured, and told a new password."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg
from psycopg import sql

from local_aws import toolchain
from local_aws.engines import pg_extensions, unprivileged
from local_aws.engines.database import ADMIN, Database, DatabaseError, Master, new_password, write_private
from local_aws.settings import Settings
from local_aws.supervisor import EngineSpec

_DEFAULTS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "huge_pages": "off",
    "log_line_prefix": "%t:%r:%u@%d:[%p]:",  # RDS's own
    "log_connections": "",
    "password_encryption": "scram-sha-256",
}
_OURS = {
    "port", "listen_addresses", "unix_socket_directories", "data_directory", "hba_file", "ident_file", "config_file",
    "ssl", "ssl_cert_file", "ssl_key_file", "ssl_ca_file", "external_pid_file", "extension_control_path",
    "dynamic_library_path",
}  # fmt: skip
FORCE_SSL_SINCE = 15  # rds.force_ssl is 1 by default from this major version on
_SCRAM_ROUNDS = 4096


def find(settings: Settings) -> Postgres:
    """The packaged server."""
    try:
        home = toolchain.ensure(settings, "postgres")
        return Postgres(home, settings.state / "rds" / "pg_extensions", settings.endpoint_url)
    except toolchain.ToolchainError as error:
        raise DatabaseError(str(error)) from None


@dataclass(frozen=True)
class Postgres:
    """A `DatabaseEngine`; `home` holds bin/postgres, `extensions` is a folder of ours for control files.

    `endpoint` is where aws_s3 finds S3.
    """

    home: Path
    extensions: Path
    endpoint: str = ""

    @cached_property
    def version(self) -> str:
        said = subprocess.run([self.home / "bin/postgres", "--version"], capture_output=True, text=True, check=True)
        return said.stdout.split()[-1]

    @cached_property
    def known_parameters(self) -> frozenset[str]:
        """Every setting that this server has, in lower case."""
        command = unprivileged.command(self.home / "bin/postgres", "--describe-config")
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return frozenset(line.split("\t")[0].lower() for line in said.splitlines())

    def initialise(self, database: Database, master: Master) -> None:
        if database.data.exists():
            return
        draft = database.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        unprivileged.give(draft)
        write_private(database.folder / "rdsadmin", new_password())
        self._run(
            "initdb", "-D", draft, "-U", ADMIN, f"--pwfile={database.folder / 'rdsadmin'}", "--encoding=UTF8",
            "--locale-provider=builtin", "--locale=C.UTF-8", "--auth=scram-sha-256", "--no-instructions",
        )  # fmt: skip
        statements = "\n".join(_first_statements(master))
        said = self._run("postgres", "--single", "-D", draft, "postgres", stdin=statements)
        if "ERROR:" in said:
            raise DatabaseError(f"PostgreSQL could not make the master user: {said[-500:]}")
        draft.rename(database.data)

    def _run(self, program: str, *arguments: object, stdin: str = "") -> str:
        done = subprocess.run(
            unprivileged.command(self.home / "bin" / program, *arguments),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DatabaseError(f"{program} failed: {(done.stderr or done.stdout)[-800:]}")
        return done.stdout + done.stderr

    def prepare(self, database: Database) -> EngineSpec:
        (database.folder / "pg_hba.conf").write_text(access_rules(forces_ssl(database)))
        fetch = [getattr(sys, "_base_executable", sys.executable), "-I", str(pg_extensions.OURS / "s3_object.py")]
        write_private(database.folder / "s3-fetch", shlex.join([*fetch, self.endpoint]))
        config = database.folder / "postgresql.conf"
        config.write_text(self.config(database))
        return EngineSpec(
            name=database.name,
            argv=unprivileged.command(self.home / "bin/postgres", "-D", database.data, "-c", f"config_file={config}"),
            port=database.port,
            cwd=str(database.folder),
            start_timeout_seconds=120,
            stop_signal="SIGINT",  # fast shutdown: clients are cut off, data is safe
            stop_timeout_seconds=60,
        )

    def config(self, database: Database) -> str:
        paths = pg_extensions.prepare(self.home, self.extensions)
        ours = {
            "port": str(database.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",  # a socket's path may have 107 characters at most
            "hba_file": str(database.folder / "pg_hba.conf"),
            "ssl": "on",
            "ssl_cert_file": str(database.tls.certificate),
            "ssl_key_file": str(database.tls.key),
            "extension_control_path": f"{paths.controls}:$system",
            "dynamic_library_path": f"$libdir:{paths.libraries}",
        }
        settings = _DEFAULTS | self.accepted(database.parameters) | ours
        return "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())

    def accepted(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """The parameters that this server knows, without formulas, and only libraries that are there."""
        found = {}
        for name, value in parameters.items():
            known = name.lower() in self.known_parameters or ("." in name and not name.startswith("rds."))
            if known and name not in _OURS and not value.startswith("{"):
                found[name] = self._present_libraries(value) if name == "shared_preload_libraries" else value
        return found

    def _present_libraries(self, names: str) -> str:
        here = self.home / "lib/postgresql"
        wanted = [name.strip() for name in names.split(",")]
        return ",".join(name for name in wanted if any(here.glob(f"{name}.*")))

    def ignored(self, database: Database) -> list[str]:
        given = self.accepted(database.parameters)
        return [name for name in database.parameters if name not in given and name != "rds.force_ssl"]

    def check(self, database: Database) -> None:
        with self._connect(database):
            pass

    def set_password(self, database: Database, user: str, password: str) -> None:
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(scram(password)))
        with self._connect(database) as connection:
            connection.execute(statement)

    def apply(self, database: Database) -> list[str]:
        self.prepare(database)
        with self._connect(database) as connection:
            connection.execute("SELECT pg_reload_conf()")
        with self._connect(database) as connection:
            rows = connection.execute("SELECT name FROM pg_settings WHERE pending_restart").fetchall()
        return [name for (name,) in rows]

    @contextlib.contextmanager
    def _connect(self, database: Database) -> Iterator[psycopg.Connection[tuple[str, ...]]]:
        try:
            connection = psycopg.connect(
                host="127.0.0.1",
                port=database.port,
                user=ADMIN,
                password=database.admin_password,
                dbname="postgres",
                sslmode="verify-full",
                sslrootcert=str(database.tls.authority),
                connect_timeout=10,
                autocommit=True,
            )
        except (psycopg.Error, OSError) as error:
            raise DatabaseError(f"{database.name} does not answer on port {database.port}: {error}") from error
        with contextlib.closing(connection):
            yield connection


def _first_statements(master: Master) -> list[str]:
    """One statement a line. See "Understanding the rds_superuser role", Amazon RDS User Guide."""
    user = sql.Identifier(master.user).as_string(None)
    statements = [
        "CREATE ROLE rds_superuser NOLOGIN",
        "CREATE ROLE rds_iam NOLOGIN",
        "CREATE ROLE rds_password NOLOGIN",
        "GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_create_subscription, pg_use_reserved_connections,"
        " pg_maintain TO rds_superuser WITH ADMIN OPTION",
        f"CREATE ROLE {user} LOGIN CREATEDB CREATEROLE PASSWORD '{scram(master.password)}' IN ROLE rds_superuser",
        f"ALTER DATABASE postgres OWNER TO {user}",
    ]
    if master.database and master.database != "postgres":
        statements.append(f"CREATE DATABASE {sql.Identifier(master.database).as_string(None)} OWNER {user}")
    return statements


def forces_ssl(database: Database) -> bool:
    major = int((database.version or "18").split(".")[0])
    return database.parameters.get("rds.force_ssl", "1" if major >= FORCE_SSL_SINCE else "0") == "1"


def access_rules(force_ssl: bool) -> str:
    """pg_hba.conf: passwords for all, over TLS alone when it is forced."""
    return f"{'hostssl' if force_ssl else 'host'} all all 127.0.0.1/32 scram-sha-256\n"


def scram(password: str) -> str:
    """A SCRAM-SHA-256 verifier (RFC 5803): what statements carry, so that no log can ever show a password."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{salt64}${stored64}:{server64}"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
