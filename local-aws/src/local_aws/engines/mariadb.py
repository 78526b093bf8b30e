"""MariaDB in RDS for MySQL's place: found, initialised, configured, and told a new password. No root needed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pymysql

from local_aws import toolchain
from local_aws.engines.database import ADMIN, Database, DatabaseError, Master, new_password, write_private
from local_aws.settings import Settings
from local_aws.supervisor import EngineSpec

# In the order of mariadb-install-db.
_BOOTSTRAP_SCRIPTS = (
    "mariadb_system_tables.sql",
    "mariadb_performance_tables.sql",
    "mariadb_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
    "mariadb_sys_schema.sql",
)
# MySQL 8.4's defaults where MariaDB has others, and a size for a laptop.
_DEFAULTS = {
    "character_set_server": "utf8mb4",
    "collation_server": "utf8mb4_0900_ai_ci",
    "sql_mode": "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    "default_time_zone": "+00:00",
    "local_infile": "1",
    "max_allowed_packet": "64M",
    "max_connections": "200",
    "innodb_log_file_size": "128M",
    "log_warnings": "1",  # 2 would log each look at whether the port answers
}
# "Master user account privileges", Amazon RDS User Guide: all but SUPER and what MariaDB split off it.
_MASTER_RIGHTS = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, "
    "CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, BINLOG MONITOR, CREATE VIEW, SHOW VIEW, "
    "CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, DELETE HISTORY"
)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OFFSET = re.compile(r"[+-]\d{2}:\d{2}")
_RENAMED = {"time_zone": "default_time_zone"}
_OURS = {"port", "datadir", "basedir", "socket", "bind_address", "ssl_cert", "ssl_key", "ssl_ca", "plugin_dir"}
_READ_ONLY_VARIABLE = 1238


def find(settings: Settings) -> MariaDb:
    """The packaged server, or the user's (see toolchain.py)."""
    try:
        return MariaDb(_server_in(toolchain.ensure(settings, "mariadb")))
    except toolchain.ToolchainError as error:
        raise DatabaseError(str(error)) from None


def _server_in(home: Path) -> Path:
    for name in ("bin/mariadbd", "sbin/mariadbd", "bin/mysqld", "sbin/mysqld"):
        if (home / name).is_file():
            return home / name
    raise DatabaseError(
        f"{home} holds no bin/mariadbd. MARIADB_HOME must name the folder that MariaDB was unpacked to."
    )


@dataclass(frozen=True)
class MariaDb:
    """A `DatabaseEngine`; `server` is the mariadbd program."""

    server: Path

    @cached_property
    def home(self) -> Path:
        return self.server.resolve().parent.parent

    @cached_property
    def version(self) -> str:
        said = subprocess.run([self.server, "--version"], capture_output=True, text=True, check=True).stdout
        if "MariaDB" not in said:
            raise DatabaseError(
                f"{self.server} is not MariaDB ({said.strip()}). Run your MySQL server yourself and name it with "
                "EXTERNAL_MYSQL_URL=mysql://user:password@host:3306/database."
            )
        return said.split("Ver ")[1].split("-MariaDB")[0]

    @cached_property
    def share(self) -> Path:
        for name in ("share", "share/mysql", "share/mariadb"):
            if (self.home / name / _BOOTSTRAP_SCRIPTS[0]).is_file():
                return self.home / name
        raise DatabaseError(f"{self.home}/share lacks {_BOOTSTRAP_SCRIPTS[0]}: this MariaDB is not complete.")

    def initialise(self, database: Database, master: Master) -> None:
        if database.data.exists():
            return
        _ = self.version
        draft = database.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        (draft / "mysql").mkdir(parents=True)
        write_private(database.folder / "rdsadmin", new_password())
        done = subprocess.run(
            [self.server, "--no-defaults", "--bootstrap", f"--basedir={self.home}", f"--datadir={draft}",
             f"--lc-messages-dir={self.share}", f"--character-sets-dir={self.share / 'charsets'}", "--log-warnings=0",
             "--max-allowed-packet=64M", "--loose-innodb-log-file-size=16M", *_as_root()],
            input=self._bootstrap_sql(database, master).encode(),
            capture_output=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise DatabaseError(
                f"MariaDB could not initialise {draft}: {_errors(done.stderr.decode(errors='replace'))}"
            )
        draft.rename(database.data)

    def _bootstrap_sql(self, database: Database, master: Master) -> str:
        admin, text = database.admin_password, character_set(accepted(database.parameters))
        scripts = "\n".join((self.share / name).read_text() for name in _BOOTSTRAP_SCRIPTS)
        return "\n".join(
            [
                "CREATE DATABASE IF NOT EXISTS mysql;",
                "USE mysql;",
                "SET @auth_root_socket = NULL;",
                scripts,
                "USE mysql;",
                "DELETE FROM global_priv WHERE User IN ('root', '');",
                "FLUSH PRIVILEGES;",
                f"CREATE USER '{ADMIN}'@'127.0.0.1' IDENTIFIED BY PASSWORD '{native_hash(admin)}' REQUIRE SSL;",
                f"GRANT ALL ON *.* TO '{ADMIN}'@'127.0.0.1' WITH GRANT OPTION;",
                f"CREATE USER {_quoted(master.user)}@'%' IDENTIFIED BY PASSWORD '{native_hash(master.password)}';",
                f"GRANT {_MASTER_RIGHTS} ON *.* TO {_quoted(master.user)}@'%' WITH GRANT OPTION;",
                f"CREATE DATABASE `{master.database}` {text};" if master.database else "",
                "",
            ]
        )

    def prepare(self, database: Database) -> EngineSpec:
        config = database.folder / "my.cnf"
        write_private(config, self.config(database))
        return EngineSpec(
            name=database.name,
            argv=[str(self.server), f"--defaults-file={config}", *_as_root()],
            port=database.port,
            cwd=str(database.folder),
            start_timeout_seconds=120,
            stop_timeout_seconds=60,
        )

    def config(self, database: Database) -> str:
        """The option file. A user's parameters are loose: one that MariaDB lacks is a warning in its log."""
        ours = {
            "basedir": self.home,
            "datadir": database.data,
            "lc_messages_dir": self.share,
            "character_sets_dir": self.share / "charsets",
            "port": database.port,
            "bind_address": "127.0.0.1",
            "socket": "mysqld.sock",  # relative to the data folder: a whole path may exceed 107 characters
            "pid_file": "mysqld.pid",
            "ssl_cert": database.tls.certificate,
            "ssl_key": database.tls.key,
            "ssl_ca": database.tls.authority,
            "slow_query_log_file": database.log_file("slowquery"),
            "general_log_file": database.log_file("general"),
        }
        tuned = _DEFAULTS | {"innodb_buffer_pool_size": os.environ.get("LOCAL_AWS_MYSQL_BUFFER", "256M")}
        users = accepted(database.parameters)
        if "character_set_server" in users and "collation_server" not in users:
            del tuned["collation_server"]  # ours belongs to another character set
        wanted = tuned | users
        lines = ["[mysqld]", "skip_name_resolve"]
        lines += [f'{name}="{value}"' for name, value in ours.items()]
        lines += [f'loose-{name}="{value}"' for name, value in wanted.items()]
        return "\n".join([*lines, ""])

    def ignored(self, database: Database) -> list[str]:
        given = accepted(database.parameters)
        return [name for name in database.parameters if _RENAMED.get(name, name) not in given]

    def check(self, database: Database) -> None:
        with self._connect(database):
            pass

    def set_password(self, database: Database, user: str, password: str) -> None:
        with self._connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("SET PASSWORD FOR %s@'%%' = %s", (user, native_hash(password)))

    def apply(self, database: Database) -> list[str]:
        self.prepare(database)
        pending = []
        with self._connect(database) as connection, connection.cursor() as cursor:
            for name, value in accepted(database.parameters).items():
                variable = "time_zone" if name == "default_time_zone" else name
                try:
                    cursor.execute(f"SET GLOBAL {variable} = %s", (_literal(value),))
                except pymysql.MySQLError as error:
                    if error.args[0] == _READ_ONLY_VARIABLE and self._differs(cursor, variable, value):
                        pending.append(name)
        return pending

    @staticmethod
    def _differs(cursor: pymysql.cursors.Cursor, variable: str, value: str) -> bool:
        cursor.execute("SHOW GLOBAL VARIABLES LIKE %s", (variable,))
        row = cursor.fetchone()
        return row is not None and str(row[1]).lower() not in (value.lower(), {"1": "on", "0": "off"}.get(value, ""))

    def _connect(self, database: Database) -> contextlib.closing[pymysql.Connection[pymysql.cursors.Cursor]]:
        try:
            return contextlib.closing(
                pymysql.connect(
                    host="127.0.0.1",
                    port=database.port,
                    user=ADMIN,
                    password=database.admin_password,
                    ssl_ca=str(database.tls.authority),
                    ssl_verify_identity=True,
                    connect_timeout=10,
                    autocommit=True,
                )
            )
        except (pymysql.MySQLError, OSError) as error:
            raise DatabaseError(f"{database.name} does not answer on port {database.port}: {error}") from error


def accepted(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters that make an option line: no formulas of the instance class, none that would move the engine."""
    found = {}
    for name, given in parameters.items():
        value = _utc(given) if name == "time_zone" else given
        plain = _NAME.fullmatch(name) and not value.startswith("{") and '"' not in value and "\n" not in value
        usable = name != "time_zone" or _OFFSET.fullmatch(value)  # named zones are not loaded
        if plain and usable and name not in _OURS:
            found[_RENAMED.get(name, name)] = value
    return found


def character_set(parameters: Mapping[str, str]) -> str:
    """The clause by which a new database gets the server's character set."""
    name = parameters.get("character_set_server", _DEFAULTS["character_set_server"])
    collation = parameters.get("collation_server")
    if collation is None and "character_set_server" not in parameters:
        collation = _DEFAULTS["collation_server"]
    return f"CHARACTER SET {name}" + (f" COLLATE {collation}" if collation else "")


def native_hash(password: str) -> str:
    """mysql_native_password's hash: what statements carry, so that no log can ever show a password."""
    digest = hashlib.sha1(hashlib.sha1(password.encode()).digest())  # noqa: S324 - the protocol's own hash
    return "*" + digest.hexdigest().upper()


def _utc(zone: str) -> str:
    return "+00:00" if zone.upper() in ("UTC", "ETC/UTC", "GMT") else zone


def _literal(value: str) -> int | float | str:
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(value)
    return value


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _errors(log: str) -> str:
    lines = [line for line in log.splitlines() if "[ERROR]" in line or line.startswith("ERROR")]
    return " ".join(lines[-5:]) or log[-500:]
