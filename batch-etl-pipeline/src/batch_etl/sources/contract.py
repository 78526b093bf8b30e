"""The source's columns as they are, held against what the lake expects of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import types as t

from batch_etl.errors import SourceColumnMissing, SourceTableMissing, SourceTypeChanged
from batch_etl.schemas import OPTIONAL_SOURCE_TABLES, SOURCE_TABLES

MAX_DECIMAL_PRECISION = 38
_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "year"})
_BINARY = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "geometry"})
_SIMPLE = {
    "date": pa.date32(),
    "datetime": pa.timestamp("us", "UTC"),
    "timestamp": pa.timestamp("us", "UTC"),
    "float": pa.float64(),
    "double": pa.float64(),
}
_FROM_SPARK = {
    t.IntegerType: pa.int32(),
    t.LongType: pa.int64(),
    t.DoubleType: pa.float64(),
    t.StringType: pa.string(),
    t.BinaryType: pa.binary(),
    t.DateType: pa.date32(),
    t.TimestampType: pa.timestamp("us", "UTC"),
}


@dataclass(frozen=True)
class CatalogColumn:
    """A row of information_schema.columns: `kind` is the bare type, `declared` the type as written."""

    table: str
    name: str
    kind: str
    declared: str
    precision: int | None
    scale: int | None

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type that holds every value of the column."""
        unsigned = "unsigned" in self.declared
        if self.kind in _INTEGERS:
            return pa.int64() if unsigned and self.kind == "int" else pa.int32()
        if self.kind == "bigint":
            return pa.decimal128(20, 0) if unsigned else pa.int64()
        if self.kind == "decimal" and self.precision is not None and self.precision <= MAX_DECIMAL_PRECISION:
            return pa.decimal128(self.precision, self.scale or 0)
        if self.kind in _BINARY:
            return pa.binary()
        return _SIMPLE.get(self.kind, pa.string())


@dataclass(frozen=True)
class SourceColumn:
    """A column to read: its type in the lake, and whether the contract names it."""

    name: str
    arrow: pa.DataType
    expected: bool


@dataclass(frozen=True)
class SourceTable:
    """A table to read, the contract's columns first. `source_name` is its spelling in the source."""

    name: str
    source_name: str
    columns: tuple[SourceColumn, ...]

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.arrow) for column in self.columns])


def check_contract(database: str, catalog: Iterable[CatalogColumn]) -> list[SourceTable]:
    """The tables to read. Raises SourceTableMissing, SourceColumnMissing or SourceTypeChanged, before any row is read.

    Names are compared without regard to case, as MySQL does for columns; further columns are carried along.
    """
    found: dict[str, dict[str, CatalogColumn]] = {}
    for column in catalog:
        found.setdefault(column.table.lower(), {})[column.name.lower()] = column
    missing = [name for name in SOURCE_TABLES if name not in found and name not in OPTIONAL_SOURCE_TABLES]
    if missing:
        raise SourceTableMissing(
            f"{', '.join(f'{database}.{name}' for name in missing)} not found in the source. "
            "Load the schema with `retail load-source`, or grant SELECT on it to the reader."
        )
    return [_table(database, name, found[name]) for name in SOURCE_TABLES if name in found]


def _table(database: str, name: str, columns: Mapping[str, CatalogColumn]) -> SourceTable:
    contract = SOURCE_TABLES[name]
    expected = tuple(_expected(database, name, field, columns.get(field.name.lower())) for field in contract)
    known = {column.name.lower() for column in expected}
    further = tuple(
        SourceColumn(column.name, column.arrow, expected=False) for key, column in columns.items() if key not in known
    )
    source_name = next(iter(columns.values())).table
    return SourceTable(name, source_name, expected + further)


def _expected(database: str, table: str, field: t.StructField, actual: CatalogColumn | None) -> SourceColumn:
    where = f"{database}.{table}.{field.name}"
    wanted = field.dataType.simpleString()
    if actual is None:
        raise SourceColumnMissing(
            f"{where} not found in the source. Add it again as {wanted}, or grant SELECT on it to the reader."
        )
    arrow = to_arrow(field.dataType)
    if not fits(actual.arrow, arrow):
        raise SourceTypeChanged(
            f"{where} is {actual.declared} in the source, which does not fit {wanted}. Change it back with "
            f"ALTER TABLE {table} MODIFY {field.name} …, or widen the contract in batch_etl/schemas.py."
        )
    return SourceColumn(field.name, arrow, expected=True)


def fits(actual: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether every value of `actual` is one of `wanted`, of the same kind."""
    if pa.types.is_decimal(actual) and pa.types.is_decimal(wanted):
        whole_digits = actual.precision - actual.scale <= wanted.precision - wanted.scale
        return bool(whole_digits and actual.scale <= wanted.scale)
    return bool(actual == wanted)


def to_arrow(spark_type: t.DataType) -> pa.DataType:
    """The Arrow type of a column of the contract."""
    if isinstance(spark_type, t.DecimalType):
        return pa.decimal128(spark_type.precision, spark_type.scale)
    return _FROM_SPARK[type(spark_type)]


def to_spark(arrow: pa.DataType) -> t.DataType:
    """The Spark type of a column read."""
    if pa.types.is_decimal(arrow):
        return t.DecimalType(arrow.precision, arrow.scale)
    return next(spark_type() for spark_type, known in _FROM_SPARK.items() if known == arrow)
