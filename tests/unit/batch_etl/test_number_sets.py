"""Distinct whole numbers are counted exactly, whatever their size, sign and distance."""

from __future__ import annotations

import pytest
from batch_etl.transforms.number_sets import block, members, size
from pyspark.sql import functions as F  # noqa: N812

SCATTERED = [0, 1, 31, 32, 63, 64, 65, 128, 192, 255, 256, 320, -1, -64, -65, -256, -257, 2_147_483_647, -2_147_483_648]


@pytest.mark.parametrize("words", [1, 2, 4])
@pytest.mark.parametrize("kind", ["int", "bigint"])
def test_every_number_counts_once_in_each_group(spark, words, kind):
    twice = [(group, number) for group in ("a", "b") for number in SCATTERED + SCATTERED[3:]]
    numbers = spark.createDataFrame([*twice, ("a", 7), ("none", None)], f"name string, number {kind}")
    blocks = numbers.groupBy("name", block("number", words)).agg(*members("number", words))
    counts = blocks.groupBy("name").agg(F.sum(size("number", words)).alias("different"))
    assert {row["name"]: row["different"] for row in counts.collect()} == {"a": 20, "b": 19, "none": 0}


def test_neighbouring_numbers_share_a_block(spark):
    numbers = spark.range(1024).withColumnRenamed("id", "number")
    assert [numbers.select(block("number", words)).distinct().count() for words in (1, 2, 4)] == [16, 8, 4]
