"""Whether two versions of a table hold the same rows."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812


@dataclass(frozen=True)
class Checksum:
    """Independent of the order of the rows; two different tables share one with probability 2^-64 or so."""

    rows: int
    total: int
    parity: int


def checksum(table: DataFrame) -> Checksum:
    """Count, sum and exclusive-or of a 64-bit hash of every row. A null is hashed by its place: the hash skips it."""
    columns = sorted(table.columns)
    row_hash = F.xxhash64(*columns, *(F.col(name).isNull() for name in columns))
    figures = table.select(row_hash.alias("hash")).agg(
        F.count("hash").alias("rows"),
        F.coalesce(F.sum(F.col("hash").cast("decimal(20,0)")), F.lit(0)).cast("decimal(38,0)").alias("total"),
        F.coalesce(F.bit_xor("hash"), F.lit(0)).alias("parity"),
    )
    row = figures.collect()[0]
    return Checksum(row["rows"], int(row["total"]), row["parity"])
