"""One table of the warehouse made equal to staged rows: COPY beside it, then one MERGE that touches what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from psycopg import sql

from batch_etl.warehouse.rows import Chunk, Figures
from batch_etl.warehouse.tables import SCHEMA, Column, Table

if TYPE_CHECKING:
    from psycopg import Connection


@dataclass(frozen=True)
class Changes:
    """Rows that a merge has touched."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __bool__(self) -> bool:
        return bool(self.inserted or self.updated or self.deleted)


@dataclass(frozen=True)
class Staged:
    """What was read: its figures, and values that lost a character which PostgreSQL cannot hold."""

    figures: Figures
    nul_characters: int


def stage(connection: Connection[Any], table: Table, chunks: Iterable[Chunk]) -> Staged:
    """COPY the rows into a temporary table of this session, which no other sees and which ends with it.

    Its checks are the table's own, so that a row that breaks one is named by its line before anything is touched.
    """
    connection.execute(
        sql.SQL("DROP TABLE IF EXISTS {staged}").format(staged=_staged(table))
    )  # fmt: skip
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {staged} (LIKE {table} INCLUDING CONSTRAINTS)").format(
            staged=_staged(table), table=_table(table)
        )
    )
    figures, nul_characters = Figures(sums={name: Decimal(0) for name in table.numbers}), 0
    copying = sql.SQL("COPY {staged} ({columns}) FROM STDIN (FORMAT csv)").format(
        staged=_staged(table), columns=_list(table.column_names)
    )
    with connection.cursor().copy(copying) as copy:
        for chunk in chunks:
            copy.write(chunk.lines)
            figures.add(chunk)
            nul_characters += chunk.nul_characters
    connection.execute(sql.SQL("ANALYZE {}").format(_staged(table)))
    return Staged(figures, nul_characters)


def merge(connection: Connection[Any], table: Table) -> Changes:
    """Make the table equal to its staged rows; a row that is as it should be is not written. Call in a transaction."""
    values = [column.name for column in table.columns if not column.key]
    statement = sql.SQL("""
        WITH changed AS (
            MERGE INTO {table} AS kept USING {staged} AS new ON {same_row}
            WHEN NOT MATCHED BY SOURCE THEN DELETE
            WHEN MATCHED AND ROW({old_values}) IS DISTINCT FROM ROW({new_values}) THEN UPDATE SET {assignments}
            WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({new_columns})
            RETURNING merge_action() AS action
        )
        SELECT
            count(*) FILTER (WHERE action = 'INSERT'),
            count(*) FILTER (WHERE action = 'UPDATE'),
            count(*) FILTER (WHERE action = 'DELETE')
        FROM changed
    """).format(
        table=_table(table),
        staged=_staged(table),
        same_row=sql.SQL(" AND ").join(_same(column) for column in table.columns if column.key),
        old_values=_list(values, "kept"),
        new_values=_list(values, "new"),
        assignments=sql.SQL(", ").join(
            sql.SQL("{0} = new.{0}").format(sql.Identifier(name)) for name in values
        ),
        columns=_list(table.column_names),
        new_columns=_list(table.column_names, "new"),
    )  # fmt: skip
    row = connection.execute(statement).fetchone()
    changes = Changes(*row) if row else Changes()
    if changes:
        connection.execute(sql.SQL("ANALYZE {}").format(_table(table)))
    return changes


def figures_of(connection: Connection[Any], table: Table) -> Figures:
    """What the table comes to, as the connection sees it now."""
    sums = [sql.SQL("coalesce(sum({}), 0)::numeric").format(sql.Identifier(name)) for name in table.numbers]
    query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join([sql.SQL("count(*)"), *sums]), _table(table))
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY has one row
    return Figures(row[0], dict(zip(table.numbers, row[1:], strict=True)))


def _same(column: Column) -> sql.Composed:
    """Whether a key column is the same in both; arrays take null for equal to null, and still can be hashed."""
    pattern = "kept.{0} = new.{0}" if column.required else "ARRAY[kept.{0}] = ARRAY[new.{0}]"
    return sql.SQL(pattern).format(sql.Identifier(column.name))


def _table(table: Table) -> sql.Identifier:
    return sql.Identifier(SCHEMA, table.name)


def _staged(table: Table) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"staged_{table.name}")


def _list(names: Iterable[str], of: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(*filter(None, (of, name))) for name in names)
