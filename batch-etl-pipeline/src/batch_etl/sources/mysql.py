"""The source database, read in one consistent snapshot over one verified TLS connection.

InnoDB shows a REPEATABLE READ transaction the database as of its first moment, without locking anybody: writes go on
during the extract and no order is torn from its lines (MySQL manual, "Consistent Nonlocking Reads"). The figures that
the audit compares with are computed in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import CR, ER
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from batch_etl.errors import (
    SourceAccessDenied,
    SourceConnectionLost,
    SourceError,
    SourceUnreachable,
)
from batch_etl.quality.audit import LineTotals
from batch_etl.sources.contract import CatalogColumn, SourceTable, check_contract
from batch_etl.sources.decoding import RawRow

CONNECT_SECONDS = 10
SILENCE_SECONDS = 600
"""How long the server may take for the first row of a figure over the whole of a large table."""

ROWS_PER_CHUNK = 50_000
_SESSION = (
    "SET SESSION time_zone = '+00:00', net_write_timeout = 600, net_read_timeout = 600",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_NO_DECODERS: dict[Any, Any] = dict(encoders)
"""Values stay the bytes that the server sent: Arrow converts whole columns."""

_REFUSED = (ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR, 1698)
_TABLES_REPLACED = 1412
"""ER_TABLE_DEF_CHANGED: the snapshot is older than the table."""

_GONE = (CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, ER.SERVER_SHUTDOWN, 0, 1927)


@dataclass(frozen=True)
class Login:
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login(user={self.user!r}, password=***)"


@dataclass(frozen=True)
class Source:
    """Where the database is, which CA signed its certificate, and how to learn the login (again, after rotation)."""

    host: str
    port: int
    database: str
    ca: Path
    read_login: Callable[[], Login]

    def __str__(self) -> str:
        return f"{self.database} at {self.host}:{self.port}"


@dataclass(frozen=True)
class SourceFigures:
    """What the source says of itself: rows of each table, its order lines and their value, orders by status."""

    rows: dict[str, int]
    lines: LineTotals
    orders_by_status: dict[str, int]


@dataclass(frozen=True)
class Snapshot:
    """An open transaction that sees the database as of one moment."""

    source: Source
    connection: Any

    def tables(self) -> list[SourceTable]:
        """The tables to read, checked against the contract."""
        found = self._all(
            "SELECT table_name, column_name, data_type, column_type, numeric_precision, numeric_scale "
            "FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"
        )
        return check_contract(self.source.database, [_catalog_column(row) for row in found])

    def stream(self, table: SourceTable) -> Iterator[list[RawRow]]:
        """All rows in chunks, each value as the bytes the server sent; memory holds one chunk."""
        columns = ", ".join(_quoted(column.name) for column in table.columns)
        with _explained(self.source), self.connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {_quoted(table.source_name)}")
            while rows := cursor.fetchmany(ROWS_PER_CHUNK):
                yield rows

    def figures(self, tables: list[SourceTable]) -> SourceFigures:
        """The source's side of the reconciliation, exact to the cent."""
        names = {table.name: _quoted(table.source_name) for table in tables}
        lines, orders = names["orderdetails"], names["orders"]
        rows = {name: int(self._all(f"SELECT COUNT(*) FROM {quoted}")[0][0] or 0) for name, quoted in names.items()}
        amount = self._all(f"SELECT COALESCE(SUM(quantityOrdered * priceEach), 0) FROM {lines}")[0][0]
        by_status = self._all(f"SELECT status, COUNT(*) FROM {orders} GROUP BY status ORDER BY status")
        return SourceFigures(
            rows=rows,
            lines=LineTotals(rows["orderdetails"], Decimal(_text(amount)).quantize(Decimal("0.01"))),
            orders_by_status={_text(status): int(count or 0) for status, count in by_status},
        )

    def one(self, query: str) -> RawRow:
        """The first row of a query, each value as the bytes the server sent."""
        return self._all(query)[0]

    def _all(self, query: str) -> list[RawRow]:
        with _explained(self.source), self.connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


@contextmanager
def open_snapshot(source: Source) -> Iterator[Snapshot]:
    """Connect and start the transaction; it is rolled back at the end, having written nothing."""
    connection = _connect_or_read_login_again(source)
    try:
        with _explained(source), connection.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)
        yield Snapshot(source, connection)
    finally:
        with suppress(Exception):
            # Not close(): that would first read a half-streamed result to its end.
            connection._force_close()


def _connect_or_read_login_again(source: Source) -> Any:
    """A password that was rotated between reading the secret and connecting is read once more."""
    try:
        return _connect(source, source.read_login())
    except SourceAccessDenied:
        return _connect(source, source.read_login())


def _connect(source: Source, login: Login) -> Any:
    try:
        return pymysql.connect(
            host=source.host,
            port=source.port,
            user=login.user,
            password=login.password,
            database=source.database,
            ssl_ca=str(source.ca),
            ssl_verify_cert=True,
            ssl_verify_identity=True,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENCE_SECONDS,
            write_timeout=SILENCE_SECONDS,
            charset="utf8mb4",
            use_unicode=False,
            conv=_NO_DECODERS,
            cursorclass=SSCursor,
        )
    except (pymysql.err.MySQLError, OSError) as problem:
        raise _connect_error(source, login, problem) from problem


def _connect_error(source: Source, login: Login, problem: Exception) -> SourceError:
    code = problem.args[0] if problem.args else None
    if code in _REFUSED:
        return SourceAccessDenied(
            f"{source} refuses user {login.user!r}, also after reading the secret again. Check that the secret's "
            "rotation succeeded and that the user has SELECT on the database."
        )
    if code == ER.BAD_DB_ERROR:
        return SourceUnreachable(f"{source} does not exist. Load it with `retail load-source`.")
    return SourceUnreachable(
        f"{source} cannot be reached over TLS: {problem.args[-1] if problem.args else problem}. Check that it runs, "
        "that the job's security group may reach it, and that --source_ca is the bundle that signed its certificate."
    )


@contextmanager
def _explained(source: Source) -> Iterator[None]:
    """Turn a connection that broke into an error that says so."""
    try:
        yield
    except (pymysql.err.InterfaceError, pymysql.err.InternalError, OSError) as problem:
        raise _lost(source, problem) from problem
    except pymysql.err.MySQLError as problem:
        if problem.args and problem.args[0] in _GONE:
            raise _lost(source, problem) from problem
        if problem.args and problem.args[0] == _TABLES_REPLACED:
            raise SourceError(
                f"The tables of {source} were replaced while the extract ran (a load has ended). Run the job again."
            ) from problem
        raise SourceError(f"{source} refused a query of the extract: {problem.args[-1]}") from problem


def _lost(source: Source, problem: Exception) -> SourceConnectionLost:
    return SourceConnectionLost(
        f"{source} went away during the extract ({problem.args[-1] if problem.args else problem}). Nothing of this "
        "extract was used; the published tables are as they were. Run the job again when the database is back."
    )


def _catalog_column(row: RawRow) -> CatalogColumn:
    table, name, kind, declared, precision, scale = row
    return CatalogColumn(
        table=_text(table),
        name=_text(name),
        kind=_text(kind).lower(),
        declared=_text(declared).lower(),
        precision=int(precision) if precision else None,
        scale=int(scale) if scale else None,
    )


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
