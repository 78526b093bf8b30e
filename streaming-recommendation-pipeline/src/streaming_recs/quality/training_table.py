"""The invariants of ratings_ml_training, computed in one pass over the table as it was written."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812

KEYS = ("interactionId", "customerNumber", "productCode", "interactedAt")


def figures(table: DataFrame) -> Row:
    """All that the checks and the report need, in one row."""
    return table.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count_distinct("interactionId").alias("ids"),
        F.count_distinct("customerNumber").alias("customers"),
        F.count_distinct("productCode").alias("products"),
        _count(F.col("productRating").isNotNull()).alias("rated"),
        _count(F.col("source") == "rating").alias("only_rated"),
        _count(F.greatest(*(F.col(key).isNull() for key in KEYS))).alias("nulls"),
        _count(F.col("weight").isNull() | F.isnan("weight") | (F.col("weight") < 0)).alias("bad_weights"),
        F.min("interactedAt").alias("begins"),
        F.max("interactedAt").alias("ends"),
    ).collect()[0]


def broken(found: Row, written: int) -> list[str]:
    """What does not hold, in words; nothing when all does. `written` rows were meant to be in the table."""
    problems = [
        (found["rows"] == 0, "it is empty: the publication has no order line that was not cancelled"),
        (found["rows"] != written, f"it has {found['rows']:,} rows, {written:,} were computed"),
        (found["rows"] != found["ids"], f"{found['rows'] - found['ids']:,} rows repeat an interactionId"),
        (found["nulls"] > 0, f"{found['nulls']:,} rows lack one of {', '.join(KEYS)}"),
        (found["bad_weights"] > 0, f"{found['bad_weights']:,} weights are missing or negative"),
    ]
    return [f"ratings_ml_training: {reason}." for failed, reason in problems if failed]


def _count(condition: Column) -> Column:
    return F.count(F.when(condition, 1))
