"""What stands in sql/mysql/schema.sql, and what a database really has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from source_database.connection import MySql
from source_database.dump.splitter import statements

# Parents before children, so that foreign keys can be checked while loading in this order.
TABLES = (
    "offices",
    "employees",
    "productlines",
    "products",
    "customers",
    "orders",
    "orderdetails",
    "payments",
    "ratings",
)
CLASSICMODELS = TABLES[:-1]


@dataclass(frozen=True)
class ForeignKey:
    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


def checkout() -> Path:
    """The repository's root: this package is run from a checkout."""
    return Path(__file__).resolve().parents[3]


def schema_file() -> Path:
    return checkout() / "sql" / "mysql" / "schema.sql"


def run_script(connection: MySql, name: str) -> None:
    """Run a file of sql/mysql in the connection's database."""
    with (checkout() / "sql" / "mysql" / name).open("rb") as stream, connection.cursor() as cursor:
        for statement in statements(stream):
            cursor.execute(statement.text.decode("utf-8"))


def quoted(identifier: str) -> str:
    return "`" + identifier.replace("`", "``") + "`"


def tables_of(connection: MySql, database: str) -> list[str]:
    """Names of the base tables of a database, [] when it has none or is not there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_NAME FROM information_schema.TABLES "
            "WHERE TABLE_SCHEMA = %s AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME",
            (database,),
        )
        return [str(row[0]) for row in cursor.fetchall()]


def columns_of(connection: MySql, database: str, table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
            (database, table),
        )
        return [str(row[0]) for row in cursor.fetchall()]


def count_rows(connection: MySql, database: str, table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {quoted(database)}.{quoted(table)}")  # noqa: S608 - quoted names
        row = cursor.fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has one row
    return int(row[0])


def foreign_keys(connection: MySql, database: str) -> list[ForeignKey]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME "
            "FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = %s AND REFERENCED_TABLE_NAME IS NOT NULL "
            "ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION",
            (database,),
        )
        rows = cursor.fetchall()
    keys: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for name, table, column, parent, parent_column in rows:
        keys.setdefault((table, name, parent), []).append((column, parent_column))
    return [
        ForeignKey(table, tuple(own for own, _ in pairs), parent, tuple(other for _, other in pairs))
        for (table, _, parent), pairs in keys.items()
    ]


def orphans(connection: MySql, database: str) -> Iterator[tuple[ForeignKey, int]]:
    """Foreign keys that some rows break (they were loaded unchecked), with the number of those rows."""
    schema = quoted(database)
    for key in foreign_keys(connection, database):
        pairs = list(zip(key.columns, key.parent_columns, strict=True))
        matched = " AND ".join(f"p.{quoted(parent)} = c.{quoted(own)}" for own, parent in pairs)
        present = " AND ".join(f"c.{quoted(own)} IS NOT NULL" for own, _ in pairs)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT COUNT(*) FROM {schema}.{quoted(key.table)} c LEFT JOIN {schema}.{quoted(key.parent)} p "  # noqa: S608
                f"ON {matched} WHERE {present} AND p.{quoted(pairs[0][1])} IS NULL"
            )
            row = cursor.fetchone()
        if row and row[0]:
            yield key, int(row[0])
