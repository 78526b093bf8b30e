"""Keys that come twice are found, whatever their numbers are; keys that do not are not."""

from __future__ import annotations

import pytest
from batch_etl.quality.duplicates import repeats


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([(1, 1), (1, 2), (2, 1)], False),
        ([(1, 1), (1, 2), (1, 1)], True),
        ([(1, 1), (1, 65), (1, 129)], False),  # the same bit of three words
        ([(1, -1), (1, 63), (1, -64), (1, 0)], False),
        ([(1, -1), (2, -1), (1, -1)], True),
        ([(1, 2_147_483_647), (1, -2_147_483_648)], False),
        ([(1, None), (1, None), (None, 1), (None, 1)], False),
        ([(1, number) for number in range(1, 200)], False),
        ([(1, number) for number in [*range(1, 200), 64]], True),
        ([], False),
    ],
)
def test_a_repeated_key_of_whole_numbers_is_found(spark, lines, found):
    rows = spark.createDataFrame(lines, "orderNumber int, orderLineNumber int")
    assert repeats(rows, "orderNumber", "orderLineNumber").collect()[0]["repeats"] is found


@pytest.mark.parametrize(("numbers", "found"), [([1, 65, -63], False), ([7, 8, 7], True)])
def test_a_single_number_as_key(spark, numbers, found):
    rows = spark.createDataFrame([(number,) for number in numbers], "orderNumber int")
    assert repeats(rows, "orderNumber").collect()[0]["repeats"] is found


def test_narrow_numbers_as_key(spark):
    rows = spark.createDataFrame([(1, 1), (1, 2), (1, 1)], "orderNumber bigint, orderLineNumber smallint")
    assert repeats(rows, "orderNumber", "orderLineNumber").collect()[0]["repeats"]


@pytest.mark.parametrize(("codes", "found"), [(["A", "B", None, None], False), (["A", "B", "A"], True)])
def test_text_as_key(spark, codes, found):
    rows = spark.createDataFrame([(code,) for code in codes], "productCode string")
    assert repeats(rows, "productCode").collect()[0]["repeats"] is found
