"""Loads a dump of classicmodels as the mysql client would, but into the configured database and all at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pymysql

from source_database.connection import MySql, Source, explained
from source_database.dump.judgement import Action, judge
from source_database.dump.splitter import Statement, statements
from source_database.errors import NotADumpError, StatementFailedError, StatementRefusedError, UnreachableError
from source_database.schema import CLASSICMODELS, TABLES, columns_of, orphans, quoted, tables_of
from source_database.shop_tables import set_up_shop
from source_database.staging import (
    Provenance,
    latest_update,
    note_provenance,
    refuse_to_lose,
    staging_database,
    standing,
    take_place,
    verify_counts,
)

Progress = Callable[[int, str], None]  # bytes read so far, what is being done
_CHARSET = re.compile(rb"(?:CHARACTER\s+SET|CHARSET)\s*=?\s*(\w+)", re.IGNORECASE)
_HEADER = re.compile(rb"-- (?:MySQL|MariaDB) dump")


@dataclass(frozen=True)
class CheckedDump:
    """A file that `check_dump` has found to be a dump of classicmodels, complete, with nothing else in it."""

    path: Path


@dataclass
class DumpReport:
    """What a load did. `notes` say what a reader of these tables must know."""

    rows: dict[str, int] = field(default_factory=dict)
    statements: int = 0
    notes: list[str] = field(default_factory=list)


def load_dump(
    source: Source, dump: CheckedDump, *, replace: bool = False, progress: Progress = lambda *_: None
) -> DumpReport:
    """Execute a dump in a staging database, verify, then let it take the old tables' place."""
    path = dump.path
    with source.connect() as connection:
        if not replace:
            refuse_to_lose(standing(connection, source.address.database), source.address.database)
    report = DumpReport()
    with staging_database(source) as staging:
        with source.connect(staging) as connection:
            sent = _execute(connection, source, path, report, progress)
        progress(path.stat().st_size, "verifying")
        # A fresh connection: the dump has set the other one's modes and character set.
        with source.connect(staging) as connection:
            report.rows = verify_counts(connection, staging, sent)
            report.notes += _absences(connection, staging)
            latest = latest_update(connection, staging)
            note_provenance(connection, staging, Provenance({"dump": path.name}, report.rows, latest))
            set_up_shop(connection)
            take_place(connection, staging, source.address.database)
    return report


def check_dump(path: Path) -> CheckedDump:
    """Read the whole file once, touching no database. Raises a DumpError when `load_dump` should not see it."""
    try:
        with path.open("rb") as stream:
            _check_start(path, stream.read(4096))
            _check_tail(path)
            stream.seek(0)
            created, filled = _survey(stream)
    except OSError as problem:
        raise NotADumpError(
            f"{path} cannot be read ({problem.strerror}).", "Give the path of a .sql file."
        ) from problem
    if missing := [table for table in CLASSICMODELS if table not in created]:
        raise NotADumpError(
            f"{path} is no dump of classicmodels: it creates no table {', '.join(missing)}.",
            "Give the sample database, or `mysqldump classicmodels` with all eight tables.",
        )
    if not filled & set(CLASSICMODELS):
        raise NotADumpError(f"{path} creates tables and fills none of them.", "Dump without --no-data.")
    return CheckedDump(path)


def _survey(stream: BinaryIO) -> tuple[set[str], set[str]]:
    """Tables that the dump creates, and those that it fills; judges every statement on the way."""
    created: set[str] = set()
    filled: set[str] = set()
    home: str | None = None
    for statement in statements(stream):
        judgement = judge(statement)
        if judgement.database:
            home = home or judgement.database
            if judgement.database != home:
                raise StatementRefusedError(
                    f"Line {statement.line}: “{statement.start}” turns to a second database, {judgement.database}; "
                    "nothing has been changed.",
                    f"Dump {home} alone.",
                )
        if judgement.table:
            (created if judgement.verb == "CREATE TABLE" else filled).add(judgement.table)
    return created, filled


def _check_start(path: Path, head: bytes) -> None:
    if head.startswith(b"\x1f\x8b"):
        raise NotADumpError(f"{path} is compressed.", f"Unpack it first: gunzip {path.name}")
    if b"\0" in head:
        raise NotADumpError(f"{path} is not text in an ASCII-compatible encoding.", "Dump with the mysqldump client.")
    if not head.strip():
        raise NotADumpError(f"{path} is empty.", "Make the dump again.")


def _check_tail(path: Path) -> None:
    """mysqldump signs its files at the end; a statement-wise split cannot see that one was cut between statements."""
    with path.open("rb") as stream:
        signed = _HEADER.search(stream.read(4096))
        stream.seek(max(0, path.stat().st_size - 4096))
        if signed and b"-- Dump completed" not in stream.read():
            raise NotADumpError(f"{path} lacks the line “-- Dump completed” at its end: it was cut.", "Make it again.")


def _execute(connection: MySql, source: Source, path: Path, report: DumpReport, progress: Progress) -> Counter[str]:
    """Execute every statement that is to be; returns rows inserted by table."""
    sent: Counter[str] = Counter()
    warned: Counter[str] = Counter()
    with path.open("rb") as stream, connection.cursor() as cursor:
        for statement in statements(stream):
            judgement = judge(statement)
            if judgement.action is Action.LEAVE_OUT:
                _take_over_charset(connection, statement, judgement.verb)
                continue
            progress(stream.tell(), statement.start)
            try:
                affected = cursor.execute(statement.text.decode("utf-8", "surrogateescape"))
            except pymysql.err.MySQLError as problem:
                raise _failed(problem, source, path, statement) from problem
            report.statements += 1
            if judgement.table and judgement.verb != "CREATE TABLE":
                sent[judgement.table] += affected
                warned[judgement.table] += cursor.warning_count
    report.notes += [f"{table}: the server warned {count:,} times" for table, count in warned.items() if count]
    return sent


def _take_over_charset(connection: MySql, statement: Statement, verb: str) -> None:
    """Tables that name no character set take their database's: give the staging database the dump's."""
    if verb == "CREATE DATABASE" and (found := _CHARSET.search(statement.text)):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE CHARACTER SET {found[1].decode('ascii')}")


def _failed(problem: pymysql.err.MySQLError, source: Source, path: Path, statement: Statement) -> Exception:
    meant = explained(problem, source.address)
    if isinstance(meant, UnreachableError):
        return meant
    said = problem.args[1] if len(problem.args) > 1 else problem
    return StatementFailedError(
        f"{path}, line {statement.line}: the server refused “{statement.start}”: {said}.",
        "Correct the dump or make it again; the tables from before are untouched.",
    )


def _absences(connection: MySql, database: str) -> list[str]:
    """What these tables lack beside ours, and rows that name no parent: dumps are loaded unchecked."""
    tables = tables_of(connection, database)
    notes = [f"no table {table}" for table in TABLES if table not in tables]
    if "updatedAt" not in columns_of(connection, database, "orders"):
        notes.append("no column updatedAt: only full loads can be made from this source")
    notes += [
        f"{count:,} rows of {key.table} name no {key.parent} ({', '.join(key.columns)})"
        for key, count in orphans(connection, database)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COUNT(*) FROM {quoted(database)}.orders o WHERE NOT EXISTS "  # noqa: S608 - quoted name
            f"(SELECT 1 FROM {quoted(database)}.orderdetails d WHERE d.orderNumber = o.orderNumber)"
        )
        row = cursor.fetchone()
    if row and row[0]:
        notes.append(f"{row[0]:,} orders have no line")
    return notes
