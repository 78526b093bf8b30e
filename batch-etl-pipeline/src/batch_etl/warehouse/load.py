"""The load: all tables staged, then one transaction that merges, audits and journals them. Readers see all or nothing.

A reader's statement sees the load before this one or this one, never half; a reader's REPEATABLE READ transaction sees
one of them to its end. No lock stands in a reader's way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg

from batch_etl.errors import AuditFailed, WarehouseBusy
from batch_etl.warehouse import schema
from batch_etl.warehouse.merge import Changes, figures_of, merge, stage
from batch_etl.warehouse.publications import Pinned
from batch_etl.warehouse.rows import Chunk, Figures
from batch_etl.warehouse.tables import Table, find_table

if TYPE_CHECKING:
    from psycopg import Connection

ReadRows = Callable[[Table], Iterable[Chunk]]
_LOCK = "hashtextextended('warehouse load', 0)"


@dataclass(frozen=True)
class Loaded:
    """What readers see now: `figures` of each table, `changes` that the load made; no changes at all when idle."""

    figures: dict[str, Figures]
    changes: dict[str, Changes] = field(default_factory=dict)
    nul_characters: int = 0
    idle: bool = False


def keep_others_out(connection: Connection[Any]) -> None:
    """Take the lock of loads, which ends with the session, however that ends. Raises WarehouseBusy."""
    try:
        connection.execute(f"SELECT pg_advisory_lock({_LOCK})".encode())
    except psycopg.errors.LockNotAvailable as problem:
        raise WarehouseBusy(
            f"Another load is under way{_holder(connection)}. Wait for it to end, or stop it."
        ) from problem


def load(
    connection: Connection[Any], pinned: Pinned, read: ReadRows, *, run_id: str, force: bool = False
) -> Loaded:  # fmt: skip
    """Make the warehouse equal to the pinned snapshots; tables that it has already are not read again.

    `connection` is in autocommit, behind `keep_others_out`. Raises AuditFailed or psycopg's errors: nothing changed.
    """
    before = _last_load(connection)
    if before is None or before.schema_digest != schema.digest():
        schema.bring_up_to_date(connection)
        before = None
    known = {} if before is None or force else before.figures_of(pinned.snapshots)
    tables = [find_table(connection, name) for name in pinned.snapshots]
    missing = [table for table in tables if table.name not in known]
    if not missing:
        return Loaded(known, idle=True)
    staged = {table.name: stage(connection, table, read(table)) for table in missing}
    expected = known | {name: found.figures for name, found in staged.items()}
    with connection.transaction():
        changes = {table.name: merge(connection, table) for table in missing}
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _audit(connection, tables, expected)
        _journal(connection, run_id, pinned, expected, changes)
    return Loaded(expected, changes, sum(found.nul_characters for found in staged.values()))


def _audit(connection: Connection[Any], tables: Sequence[Table], expected: Mapping[str, Figures]) -> None:
    """Rows and sums of every table are those of the lake; keys and checks are the constraints' own."""
    wrong = []
    for table in tables:
        found, wanted = figures_of(connection, table), expected[table.name]
        if found.rows != wanted.rows:
            wrong.append(f"{table.name}: expected {wanted.rows} rows, found {found.rows}")
        wrong += [
            f"{table.name}.{column}: expected a sum of {amount}, found {found.sums[column]}"
            for column, amount in wanted.sums.items()
            if found.sums[column] != amount
        ]
    if wrong:
        raise AuditFailed(
            "The warehouse would not equal the lake, so the load before this one stays: "
            + "; ".join(wrong)
            + ". Somebody else may have written to it: run the job with --force true."
        )


def _journal(
    connection: Connection[Any],
    run_id: str,
    pinned: Pinned,
    figures: Mapping[str, Figures],
    changes: Mapping[str, Changes],
) -> None:
    content = {
        name: {"rows": found.rows, "sums": found.sums} | asdict(changes.get(name, Changes()))
        for name, found in figures.items()
    }
    connection.execute(
        "INSERT INTO warehouse.loads (run_id, publications, snapshots, tables, schema_digest)"
        " VALUES (%s, %s::jsonb, %s::jsonb, %s::jsonb, %s)",
        (
            run_id,
            json.dumps(pinned.publications),
            json.dumps(pinned.snapshots),
            json.dumps(content, default=str),
            schema.digest(),
        ),
    )


@dataclass(frozen=True)
class _Load:
    """A row of warehouse.loads."""

    snapshots: dict[str, int]
    tables: dict[str, Any]
    schema_digest: str

    def figures_of(self, snapshots: Mapping[str, int]) -> dict[str, Figures]:
        """Of the tables that have these snapshots already."""
        return {
            name: Figures(found["rows"], {column: Decimal(amount) for column, amount in found["sums"].items()})
            for name, found in self.tables.items()
            if name in snapshots and self.snapshots[name] == snapshots[name]
        }


def _last_load(connection: Connection[Any]) -> _Load | None:
    if connection.execute("SELECT to_regclass('warehouse.loads')").fetchone() == (None,):
        return None
    row = connection.execute(
        "SELECT snapshots, tables, schema_digest FROM warehouse.loads ORDER BY load_id DESC LIMIT 1"
    ).fetchone()
    return _Load(*row) if row else None


def _holder(connection: Connection[Any]) -> str:
    """Who holds the lock, as far as this user may know."""
    row = connection.execute(
        "SELECT a.application_name, date_trunc('second', a.backend_start)::text FROM pg_locks AS l"
        " JOIN pg_stat_activity AS a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    ).fetchone()
    return f": {row[0]} since {row[1]}" if row else ""
