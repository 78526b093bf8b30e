"""Small source tables in view: only the columns that a test is about, the others filled in."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from batch_etl.schemas import SOURCE_TABLES
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as t

_FILLED = {t.IntegerType: 1, t.StringType: "x", t.DecimalType: Decimal("1.00"), t.DateType: date(2004, 1, 5)}


def source_table(spark: SparkSession, name: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> DataFrame:
    """A bronze table: `columns` as given, every other one with a value of its type."""
    schema = SOURCE_TABLES[name]
    given = columns.split()
    filled = [
        tuple(
            row[given.index(field.name)] if field.name in given else _FILLED.get(type(field.dataType))
            for field in schema
        )
        for row in rows
    ]
    return spark.createDataFrame(filled, schema)


def rows(table: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of some columns, sorted; null first."""
    picked = [tuple(row) for row in table.select(*(columns or table.columns)).collect()]
    return sorted(picked, key=lambda row: [(value is not None, str(value)) for value in row])


def small_source(spark: SparkSession, **changed: tuple[str, list[tuple[Any, ...]]]) -> dict[str, DataFrame]:
    """Two customers, two products, two orders, three lines worth 70.00, of which 20.00 are cancelled."""
    tables: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
        "customers": ("customerNumber city postalCode", [(1, "Nantes", "44000"), (2, "Paris", None)]),
        "products": (
            "productCode productLine buyPrice",
            [("A", "Cars", Decimal("4.00")), ("B", "Ships", Decimal("1.00"))],
        ),
        "productlines": ("productLine textDescription", [("Cars", "fast"), ("Ships", "slow")]),
        "orders": (
            "orderNumber customerNumber orderDate status",
            [(10, 1, date(2004, 2, 1), "Shipped"), (11, 2, date(2004, 2, 2), "Cancelled")],
        ),
        "orderdetails": (
            "orderNumber orderLineNumber productCode quantityOrdered priceEach",
            [(10, 1, "A", 3, Decimal("10.00")), (10, 2, "B", 4, Decimal("5.00")), (11, 1, "A", 2, Decimal("10.00"))],
        ),
    }
    return {name: source_table(spark, name, *spec) for name, spec in (tables | changed).items()}


def dump_tables(spark: SparkSession, dump: Path) -> dict[str, DataFrame]:
    """The tables of a classicmodels dump: its INSERT statements, run by SQLite."""
    text = dump.read_text(encoding="utf-8").replace("\\'", "''").replace('\\"', '"')
    database = sqlite3.connect(":memory:")
    for name, schema in SOURCE_TABLES.items():
        database.execute(f"CREATE TABLE {name} ({', '.join(schema.fieldNames())})")
    for statement in re.findall(r"^insert +into .*?\);$", text, re.MULTILINE | re.DOTALL):
        database.execute(statement)
    return {
        name: spark.createDataFrame(
            [
                tuple(_typed(value, field.dataType) for value, field in zip(row, schema, strict=True))
                for row in database.execute(f"SELECT * FROM {name}")
            ],
            schema,
        )
        for name, schema in SOURCE_TABLES.items()
    }


def _typed(value: Any, kind: t.DataType) -> Any:
    if value is None:
        return None
    if isinstance(kind, t.DecimalType):
        return Decimal(value)
    return date.fromisoformat(value) if isinstance(kind, t.DateType) else value
