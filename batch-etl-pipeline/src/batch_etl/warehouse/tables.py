"""The tables of the warehouse as its catalogue has them: sql/warehouse/schema.sql is the one place that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batch_etl.errors import WarehouseLayoutError

if TYPE_CHECKING:
    from psycopg import Connection

SCHEMA = "warehouse"
_NUMBERS = ("numeric", "integer", "bigint")
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, coalesce(a.attnum = ANY (k.indkey), false)
FROM pg_attribute AS a
LEFT JOIN LATERAL (
    SELECT indkey FROM pg_index WHERE indrelid = a.attrelid AND indisunique ORDER BY indisprimary DESC LIMIT 1
) AS k ON true
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""


@dataclass(frozen=True)
class Column:
    """`kind` is PostgreSQL's name of the type; `key`: part of what identifies a row."""

    name: str
    kind: str
    required: bool
    key: bool

    @property
    def is_number(self) -> bool:
        return self.kind.startswith(_NUMBERS)


@dataclass(frozen=True)
class Table:
    """A table and its columns in order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def numbers(self) -> list[str]:
        return [column.name for column in self.columns if column.is_number]


def find_table(connection: Connection[Any], name: str) -> Table:
    """Raises WarehouseLayoutError when the warehouse has no such table, or nothing in it identifies a row."""
    rows = connection.execute(_COLUMNS, (f"{SCHEMA}.{name}",)).fetchall()
    table = Table(name, tuple(Column(*row) for row in rows))
    if not any(column.key for column in table.columns):
        raise WarehouseLayoutError(
            f"{SCHEMA}.{name} is not in the warehouse, or has neither primary key nor unique constraint. "
            "Add it to sql/warehouse/schema.sql."
        )
    return table
