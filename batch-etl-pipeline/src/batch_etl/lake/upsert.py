"""Rows into an Iceberg table by their key, in one commit."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.lake.iceberg import IcebergTable

GONE = "is_gone"


def upsert(table: IcebergTable, rows: DataFrame, key: Sequence[str], gone: DataFrame | None = None) -> None:
    """Replace or add `rows`, remove those of `gone`; both have the table's columns, and a key once. Doing it again
    changes nothing."""
    columns = table.schema().fieldNames()
    found = rows.select(*columns, F.lit(False).alias(GONE))
    if gone is not None:
        found = found.unionByName(gone.select(*columns, F.lit(True).alias(GONE)))
    view = f"upsert_{table.name}"
    found.createOrReplaceTempView(view)
    same = " AND ".join(f"known.{name} <=> found.{name}" for name in key)
    taken = ", ".join(f"{name} = found.{name}" for name in columns)
    table.spark.sql(
        f"MERGE INTO {table.identifier} AS known USING {view} AS found ON {same} "  # noqa: S608 - our own names
        f"WHEN MATCHED AND found.{GONE} THEN DELETE WHEN MATCHED THEN UPDATE SET {taken} "
        f"WHEN NOT MATCHED AND NOT found.{GONE} THEN INSERT ({', '.join(columns)}) "
        f"VALUES ({', '.join(f'found.{name}' for name in columns)})"
    )
    table.spark.catalog.dropTempView(view)
