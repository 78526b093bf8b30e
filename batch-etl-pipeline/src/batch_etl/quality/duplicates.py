"""Rows that share a key."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as t
from pyspark.sql.window import WindowSpec

from batch_etl.quality.quarantine import FINDING, Rule, Sorted
from batch_etl.transforms.number_sets import block, members, size


def repeats(rows: DataFrame, *key: str) -> DataFrame:
    """One row (repeats): whether two rows share a key. Rows without a key do not count.

    Of a key that ends in a whole number, 64 neighbouring numbers are the bits of one word: a group has fewer bits set
    than rows when one comes twice. Exact, and a third of the time of a distinct count.
    """
    keyed = rows.dropna(subset=[*key])
    *shared, last = key
    if not isinstance(rows.schema[last].dataType, t.IntegralType):
        return keyed.agg((F.count(F.lit(1)) > F.count_distinct(*key)).alias("repeats"))
    blocks = keyed.groupBy(*shared, block(last, words=1)).agg(F.count(F.lit(1)).alias("rows"), *members(last, words=1))
    repeat = F.bool_or(F.col("rows") > size(last, words=1))
    return blocks.agg(F.coalesce(repeat, F.lit(False)).alias("repeats"))


def first_of_each(rows: DataFrame, *key: str) -> Sorted:
    """Keep one row per key, reject the others.

    Which of several rows with one key is right, nobody can tell: the first in the order of all its columns is kept, so
    that the choice is the same in every run. Only keys that occur twice are sorted.
    """
    repeated = rows.groupBy(*key).count().where("count > 1").select(*key)
    unique = rows.join(repeated, [*key], "left_anti").select(*rows.columns)
    ranked = rows.join(repeated, [*key], "left_semi").withColumn("place", F.row_number().over(_order(rows, key)))
    rule = Rule(
        ", ".join(key),
        f"another row has the same {', '.join(key)}",
        "Remove the row or give it a key of its own in the source.",
        F.lit(True),
    )
    return Sorted(
        clean=unique.unionByName(ranked.where("place = 1").select(*rows.columns)),
        rejected=ranked.where("place > 1").select(*rows.columns).withColumn(FINDING, rule.finding()),
    )


def _order(rows: DataFrame, key: tuple[str, ...]) -> WindowSpec:
    comparable = [name for name in rows.columns if name not in key]
    return Window.partitionBy(*key).orderBy(*comparable)
