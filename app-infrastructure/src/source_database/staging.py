"""Loads go to a database beside the real one, which then takes its place in one statement.

A reader sees the old tables or the new ones, never a mixture; a load that fails or dies leaves the old ones alone.
What a load put there is noted in the comment of the table `orders`, so that the schema needs no table of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pymysql

from source_database.connection import Address, MySql, Source, explained
from source_database.errors import LoadMismatchError, LoadRefusedError, LoadUnderWayError
from source_database.schema import TABLES, columns_of, count_rows, quoted, tables_of
from source_database.shop_tables import SHOP_TABLES

MARK = "Loaded by `retail load-source`: "
MARKED_TABLE = "orders"
LOCK_WAIT_SECONDS = 60


@dataclass(frozen=True)
class Provenance:
    """`origin` says how the content was made; `rows` how many it had per table; `latest` its greatest updatedAt."""

    origin: dict[str, Any]
    rows: dict[str, int]
    latest: str | None = None

    def comment(self) -> str:
        """At most 2048 characters fit into a table's comment."""
        return MARK + json.dumps({"origin": self.origin, "rows": self.rows, "latest": self.latest}, sort_keys=True)

    @classmethod
    def from_comment(cls, comment: str) -> Provenance | None:
        if not comment.startswith(MARK):
            return None
        return cls(**json.loads(comment.removeprefix(MARK)))


@dataclass(frozen=True)
class Standing:
    """What the database holds now: its tables, who made them, and whether anyone has written since."""

    rows: dict[str, int]
    provenance: Provenance | None
    changed: bool

    @property
    def ours_alone(self) -> bool:
        """Nothing would be lost by replacing it that this tool cannot make again."""
        return not any(self.rows.values()) or (self.provenance is not None and not self.changed)


def standing(connection: MySql, database: str) -> Standing:
    tables = [table for table in tables_of(connection, database) if table not in SHOP_TABLES]
    rows = {table: count_rows(connection, database, table) for table in tables}
    provenance = _provenance(connection, database)
    changed = provenance is not None and (
        rows != provenance.rows or latest_update(connection, database) != provenance.latest
    )
    return Standing(rows, provenance, changed)


def latest_update(connection: MySql, database: str) -> str | None:
    """The greatest updatedAt of all tables, None where there is no such column (each is read from its index)."""
    found = []
    for table in tables_of(connection, database):
        if "updatedAt" in columns_of(connection, database, table):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT MAX(updatedAt) FROM {quoted(database)}.{quoted(table)}")  # noqa: S608
                found += [str(row[0]) for row in cursor.fetchall() if row[0] is not None]
    return max(found, default=None)


def refuse_to_lose(standing: Standing, database: str) -> None:
    """Raise LoadRefusedError when the database holds what this tool cannot make again."""
    if standing.ours_alone:
        return
    total = sum(standing.rows.values())
    who = (
        "rows have been written since `retail load-source` filled it"
        if standing.provenance
        else "they were not put there by `retail load-source`"
    )
    raise LoadRefusedError(
        f"The database {database} holds {total:,} rows in {len(standing.rows)} tables, and {who}.",
        "Add --replace to drop them for good; nothing has been changed.",
    )


@contextmanager
def staging_database(source: Source) -> Iterator[str]:
    """An empty database to load into; dropped when the block fails, before and after. One load at a time."""
    database = source.address.database
    staging = f"{database}_loading"
    guard = source.connect()
    try:
        _take_lock(guard, f"retail load-source {database}", source.address)
        with guard.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted(staging)}")
            cursor.execute(f"CREATE DATABASE {quoted(staging)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        try:
            yield staging
        finally:
            with source.connect() as cleaner, cleaner.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {quoted(staging)}")
    except pymysql.err.MySQLError as problem:
        raise explained(problem, source.address, source.read_login().user) from problem
    finally:
        guard.close()  # and with it the lock


def take_place(connection: MySql, staging: str, database: str) -> None:
    """Put the staged tables where the old ones are: one atomic RENAME, then the old ones are dropped.

    Tables of the database that are neither ours nor staged stay as they are.
    """
    staged, present = tables_of(connection, staging), tables_of(connection, database)
    retired = f"{database}_retired"
    leaving = [table for table in present if table in TABLES or table in staged]
    moves = [(database, retired, table) for table in leaving] + [(staging, database, table) for table in staged]
    renames = ", ".join(f"{quoted(old)}.{quoted(t)} TO {quoted(new)}.{quoted(t)}" for old, new, t in moves)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS {quoted(database)} CHARACTER SET utf8mb4")
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(retired)}")
        cursor.execute(f"CREATE DATABASE {quoted(retired)}")
        cursor.execute(f"SET SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}")
        cursor.execute(f"RENAME TABLE {renames}")
        cursor.execute("SET SESSION foreign_key_checks = 0")
        cursor.execute(f"DROP DATABASE {quoted(retired)}")


def note_provenance(connection: MySql, database: str, provenance: Provenance) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {quoted(database)}.{quoted(MARKED_TABLE)} COMMENT = %s", (provenance.comment(),))


def verify_counts(connection: MySql, database: str, sent: dict[str, int]) -> dict[str, int]:
    """Count what stands there against what was sent; returns the counts, raises LoadMismatchError."""
    counts = {table: count_rows(connection, database, table) for table in tables_of(connection, database)}
    wrong = {table: (sent.get(table, 0), count) for table, count in counts.items() if sent.get(table, 0) != count}
    if wrong:
        told = "; ".join(f"{table}: {was_sent:,} sent, {count:,} there" for table, (was_sent, count) in wrong.items())
        raise LoadMismatchError(
            f"The load did not arrive whole ({told}).", "The old tables are untouched. Rows may repeat a primary key."
        )
    return counts


def _provenance(connection: MySql, database: str) -> Provenance | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
            (database, MARKED_TABLE),
        )
        row = cursor.fetchone()
    return Provenance.from_comment(str(row[0])) if row else None


def _take_lock(connection: MySql, name: str, address: Address) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (name,))
        row = cursor.fetchone()
    if not row or row[0] != 1:
        raise LoadUnderWayError(
            f"Another load into the source database at {address} is under way.", "Wait for it, or stop it."
        )
