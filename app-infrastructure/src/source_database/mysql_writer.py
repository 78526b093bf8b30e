"""Writes a generated source into MySQL: LOAD DATA LOCAL chunk by chunk, generating the next while one is loaded."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc_csv
import pymysql

from source_database.connection import MySql, Source, explained
from source_database.errors import LoadMismatchError
from source_database.generator import VERSION, Plan, generate
from source_database.schema import orphans, quoted, run_script, schema_file
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

Progress = Callable[[str, int], None]  # a table, rows of it loaded just now
ROWS_IN_AN_INSERT = 2_000


@dataclass(frozen=True)
class LoadReport:
    """`rows` by table; `already_there` when nothing had to be done; `written_since` when others have added to it."""

    rows: dict[str, int]
    already_there: bool = False
    written_since: bool = False


def origin_of(plan: Plan) -> dict[str, object]:
    return {"orders": plan.lines, "seed": plan.seed, "through": plan.through.isoformat(), "version": VERSION}


def load_generated(
    source: Source, plan: Plan, *, replace: bool = False, progress: Progress = lambda *_: None
) -> LoadReport:
    """Fill the source with the plan's content, unless exactly that has been loaded already.

    Rows that others have written are never dropped without `replace`.
    """
    database = source.address.database
    with source.connect() as connection:
        found = standing(connection, database)
    if found.provenance and found.provenance.origin == origin_of(plan) and not replace:
        with source.connect(database) as connection:
            set_up_shop(connection)  # a database loaded by an earlier release has none
        return LoadReport(found.rows, already_there=True, written_since=found.changed)
    if not replace:
        refuse_to_lose(found, database)
    with staging_database(source) as staging, source.connect(staging, local_infile=True) as connection:
        try:
            create_schema(connection)
            sent = _fill(connection, plan, progress)
            rows = verify_counts(connection, staging, sent)
            _refuse_orphans(connection, staging)
            latest = latest_update(connection, staging)
            note_provenance(connection, staging, Provenance(origin_of(plan), rows, latest))
            set_up_shop(connection)
            take_place(connection, staging, database)
        except pymysql.err.MySQLError as problem:
            raise explained(problem, source.address, source.read_login().user) from problem
    return LoadReport(rows)


def create_schema(connection: MySql) -> None:
    """Run sql/mysql/schema.sql in the connection's database."""
    run_script(connection, schema_file().name)


def _fill(connection: MySql, plan: Plan, progress: Progress) -> Counter[str]:
    """Load all batches, one transaction each; foreign keys are checked by a query afterwards, which is faster."""
    sent: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION foreign_key_checks = 0")
    write = _load_data if _takes_files(connection) else _insert
    with tempfile.TemporaryDirectory(prefix="retail-load-") as folder, ThreadPoolExecutor(1) as ahead:
        for table, batch in _one_ahead(generate(plan.lines, plan.seed, plan.through), ahead):
            write(connection, table, batch, Path(folder))
            sent[table] += batch.num_rows
            progress(table, batch.num_rows)
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION foreign_key_checks = 1")
    return sent


def _takes_files(connection: MySql) -> bool:
    """Whether the server lets clients send files (MySQL's own default is no, RDS's is yes)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.local_infile")
        row = cursor.fetchone()
    return bool(row and row[0])


def _one_ahead(
    batches: Iterator[tuple[str, pa.RecordBatch]], pool: ThreadPoolExecutor
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The same batches, each made while its predecessor is used."""
    coming = pool.submit(next, batches, None)
    while (batch := coming.result()) is not None:
        coming = pool.submit(next, batches, None)
        yield batch


def _load_data(connection: MySql, table: str, batch: pa.RecordBatch, folder: Path) -> None:
    """One chunk as CSV: Arrow quotes every text and writes NULL as nothing. (NULLIF would take blanks for nothing.)"""
    path = folder / f"{table}.csv"
    pc_csv.write_csv(_naive(batch), path, pc_csv.WriteOptions(include_header=False))
    nullable = [name for name in batch.schema.names if batch[name].null_count]
    fields = ", ".join(f"@{name}" if name in nullable else quoted(name) for name in batch.schema.names)
    values = ", ".join(f"{quoted(name)} = IF(LENGTH(@{name}) = 0, NULL, @{name})" for name in nullable)
    with connection.cursor() as cursor:
        cursor.execute(
            f"LOAD DATA LOCAL INFILE %s INTO TABLE {quoted(table)} CHARACTER SET utf8mb4 "
            "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n' "
            f"({fields}) {'SET ' + values if values else ''}",
            (str(path),),
        )
        _refuse_warnings(connection, cursor.warning_count, table)


def _insert(connection: MySql, table: str, batch: pa.RecordBatch, _folder: Path) -> None:
    """For servers whose local_infile is off: about four times slower, the same rows."""
    names = ", ".join(quoted(name) for name in batch.schema.names)
    places = ", ".join(["%s"] * batch.num_columns)
    with connection.cursor() as cursor:
        for start in range(0, batch.num_rows, ROWS_IN_AN_INSERT):
            columns = [column.to_pylist() for column in _naive(batch.slice(start, ROWS_IN_AN_INSERT)).columns]
            cursor.executemany(
                f"INSERT INTO {quoted(table)} ({names}) VALUES ({places})",  # noqa: S608 - names of our schema
                list(zip(*columns, strict=True)),
            )
            _refuse_warnings(connection, cursor.warning_count, table)


def _naive(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Timestamps without their zone, as MySQL reads them; the session's zone is UTC."""
    moment = pa.timestamp("us")
    schema = pa.schema([f.with_type(moment) if pa.types.is_timestamp(f.type) else f for f in batch.schema])
    return batch.cast(schema)


def _refuse_warnings(connection: MySql, count: int, table: str) -> None:
    """LOAD DATA LOCAL turns errors into warnings and goes on: a cut value or a skipped row must not pass."""
    if count:
        told = "; ".join(str(warning[2]) for warning in list(connection.show_warnings())[:3])  # type: ignore[no-untyped-call]
        raise LoadMismatchError(
            f"The server took {table} with {count:,} warnings ({told}).", "Nothing has been replaced. Report this."
        )


def _refuse_orphans(connection: MySql, database: str) -> None:
    for key, count in orphans(connection, database):
        raise LoadMismatchError(
            f"{count:,} rows of {key.table} name no {key.parent}.", "Nothing has been replaced. Report this."
        )
