"""The Glue catalog as Athena's statements about tables see it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from local_aws.engines.trino import ICEBERG_CATALOG
from local_aws.services.athena_text import Statement, Token, malformed

Answer = tuple[list[str], list[list[str]]]  # column names and rows
GlueTable = dict[str, Any]
NONE: Answer = ([], [])
_INPUT = frozenset(
    "Name Description Owner Retention StorageDescriptor PartitionKeys ViewOriginalText ViewExpandedText TableType "
    "Parameters".split()
)
_UNSAFE = re.compile(r"""[\x01-\x1f\x7f"#%'*/:=?\\{\[\]^]""")  # Hive's FileUtils.escapePathName


class CatalogError(Exception):
    """The statement is fine, the catalog says no: FAILED with this reason."""


@dataclass(frozen=True)
class Tables:
    """`glue` is a client of Glue; `list_files` gives the objects below an S3 folder, `read_file` one of them."""

    glue: Any
    list_files: Callable[[str], set[str]]
    read_file: Callable[[str], bytes]

    def named(self, statement: Statement, index: int, database: str) -> tuple[GlueTable, int]:
        """The table whose name stands at `index`, and the index after it."""
        schema, table, index = statement.name_at(index, database)
        return self.get(schema, table), index

    def get(self, schema: str, table: str) -> GlueTable:
        found: GlueTable = self.glue.get_table(DatabaseName=schema, Name=table)["Table"]
        return found

    def of(self, schema: str) -> Iterator[GlueTable]:
        for page in self.pages("get_tables", DatabaseName=schema):
            yield from page["TableList"]

    def databases(self) -> Iterator[str]:
        return (found["Name"] for page in self.pages("get_databases") for found in page["DatabaseList"])

    def partitions(self, table: GlueTable) -> list[dict[str, Any]]:
        pages = self.pages("get_partitions", DatabaseName=table["DatabaseName"], TableName=table["Name"])
        return [partition for page in pages for partition in page["Partitions"]]

    def pages(self, operation: str, **arguments: str) -> Any:
        return self.glue.get_paginator(operation).paginate(**arguments)

    def update(self, table: GlueTable) -> None:
        self.glue.update_table(
            DatabaseName=table["DatabaseName"],
            TableInput={key: value for key, value in table.items() if key in _INPUT},
        )

    def properties_of(self, schema: str, table: str) -> dict[str, str]:
        """What TBLPROPERTIES say; nothing for a table that is not there."""
        try:
            return self.properties(self.get(schema, table))
        except self.glue.exceptions.EntityNotFoundException:
            return {}

    def properties(self, table: GlueTable) -> dict[str, str]:
        """An Iceberg table keeps its own in its metadata file."""
        found: dict[str, str] = table.get("Parameters", {})
        return found | self.iceberg_metadata(table).get("properties", {}) if is_iceberg(table) else found

    def iceberg_metadata(self, table: GlueTable) -> dict[str, Any]:
        body = self.read_file(table["Parameters"]["metadata_location"])
        metadata: dict[str, Any] = json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
        return metadata


def is_iceberg(table: GlueTable) -> bool:
    return bool(table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG")


def is_view(table: GlueTable) -> bool:
    return table.get("TableType") == "VIRTUAL_VIEW"


def columns_of(table: GlueTable) -> list[dict[str, Any]]:
    """Data columns, then partition columns. Iceberg's dropped columns stay in Glue, marked as not current."""
    columns = table.get("StorageDescriptor", {}).get("Columns", [])
    current = [c for c in columns if c.get("Parameters", {}).get("iceberg.field.current", "true") == "true"]
    return [*current, *table.get("PartitionKeys", [])]


def key_names(table: GlueTable) -> list[str]:
    return [key["Name"] for key in table.get("PartitionKeys", [])]


def iceberg_name(table: GlueTable) -> str:
    return f'{ICEBERG_CATALOG}."{table["DatabaseName"]}"."{table["Name"]}"'


def folder_of(table: GlueTable, values: list[str]) -> str:
    """Hive's folder of a partition, relative to the table's location: dt=2024-01-01/hour=9."""
    return "/".join(f"{name}={_escaped(value)}" for name, value in zip(key_names(table), values, strict=True))


def _escaped(value: str) -> str:
    """As Hive writes a value into a folder's name: 10:30 is 10%3A30."""
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", value)


def literals(statement: Statement, start: int, end: int | None = None) -> list[str]:
    """The strings between two places, in order."""
    return [token.text for token in statement.tokens[start:end] if token.kind == "string"]


def pairs(statement: Statement, opening: int) -> dict[str, str]:
    """('a' = 'b', …) of the parenthesis at `opening`."""
    strings = literals(statement, opening, statement.closing(opening))
    if len(strings) % 2:
        raise malformed(f"line 1:{statement.tokens[opening].start + 1}: properties are written ('name' = 'value', …)")
    return dict(zip(strings[::2], strings[1::2], strict=True))


def given_values(statement: Statement, opening: int, table: GlueTable) -> dict[str, str]:
    """`(dt = '2024-01-01', n = 3)` by the table's partition columns."""
    inner = statement.tokens[opening + 1 : statement.closing(opening)]
    parts: list[list[Token]] = []
    current: list[Token] = []
    for token in inner:
        if token.symbol(","):
            parts.append(current)
            current = []
        else:
            current.append(token)
    given = {}
    for pair in [*parts, current]:
        if len(pair) < 3 or pair[1].text != "=":
            raise malformed("line 1:1: a partition is named as (column = value, …)")
        value = pair[2:] if pair[2].kind != "word" else pair[3:] or pair[2:]  # DATE '2024-01-01' is its text
        given[pair[0].text.lower()] = "".join(token.text for token in value)
    unknown = [name for name in given if name not in key_names(table)]
    if unknown:
        raise CatalogError(f"FAILED: SemanticException [Error 10096]: {unknown[0]} is not a partition column")
    return given


def whole_values(statement: Statement, opening: int, table: GlueTable) -> list[str]:
    """A value for every partition column, in their order."""
    given = given_values(statement, opening, table)
    missing = [name for name in key_names(table) if name not in given]
    if missing:
        raise CatalogError(f"FAILED: SemanticException partition spec lacks a value for {', '.join(missing)}")
    return [given[name] for name in key_names(table)]
