"""Every invariant, broken on purpose: a check that cannot fail is none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from batch_etl.quality.audit import LineTotals, audit_star
from batch_etl.quality.checksum import checksum
from batch_etl.quality.clean_source import clean_source
from batch_etl.transforms.star_schema import star_schema
from pyspark.sql import functions as F  # noqa: N812
from small_tables import small_source

SOURCE = LineTotals(3, Decimal("70.00"))
NOTHING = LineTotals(0, Decimal("0.00"))


@pytest.fixture(scope="module")
def star(spark):
    made = {}
    for name, make in star_schema(clean_source(small_source(spark), repeated=()).tables).items():
        made[name] = make(made).cache()
    return made


def broken(star, source=SOURCE, quarantined=NOTHING):
    return {f"{check.table}: {check.name}" for check in audit_star(star, source, quarantined) if not check.passed}


def test_a_whole_star_passes(star):
    assert broken(star) == set()


def test_quarantined_lines_are_part_of_the_sum(star):
    assert broken(star, LineTotals(5, Decimal("71.50")), LineTotals(2, Decimal("1.50"))) == set()


def test_a_cent_too_much_is_found(star):
    assert broken(star, LineTotals(3, Decimal("70.01"))) == {"fact_orders: amount + quarantined = amount of the source"}


def test_a_lost_line_is_found(star):
    found = broken(star | {"fact_orders": star["fact_orders"].where("orderNumber <> 11")})
    assert "fact_orders: rows + quarantined = order lines of the source" in found
    assert "daily_sales: revenue + cancelled = amount of fact_orders" in found
    assert "product_performance: quantity = quantity of fact_orders" in found


def test_nothing_published_of_something_is_refused_even_when_all_is_in_quarantine(star):
    empty = star | {"fact_orders": star["fact_orders"].limit(0)}
    assert "fact_orders: is empty only when the source is" in broken(empty, SOURCE, SOURCE)


@pytest.mark.parametrize(
    ("dimension", "key", "column"),
    [
        ("dim_customers", "customerNumber", "customerNumber"),
        ("dim_products", "productCode", "productCode"),
        ("dim_locations", "locationKey", "locationKey"),
        ("dim_dates", "dateKey", "orderDate"),
    ],
)
def test_an_orphan_key_is_found(star, dimension, key, column):
    used = star["fact_orders"].select(F.col(column).alias(key)).limit(1)
    cut = star | {dimension: star[dimension].join(used, key, "left_anti")}
    assert f"fact_orders: rows whose {column} is not in {dimension}" in broken(cut)


@pytest.mark.parametrize("dimension", ["dim_customers", "dim_products", "dim_dates"])
def test_a_repeated_dimension_key_is_found_and_does_not_multiply_the_facts(star, dimension):
    found = broken(star | {dimension: star[dimension].unionByName(star[dimension])})
    assert {name.split(": rows that repeat")[0] for name in found} == {dimension}


def test_two_locations_with_one_key_are_refused(star):
    collided = star["dim_locations"].withColumn("locationKey", F.lit(5).cast("bigint"))
    assert "dim_locations: locations that share a key" in broken(star | {"dim_locations": collided})


def test_a_null_key_is_found(star):
    nulled = star["fact_orders"].withColumn("customerNumber", F.lit(None).cast("int"))
    assert "fact_orders: rows with a null key" in broken(star | {"fact_orders": nulled})


def test_the_checksum_knows_rows_not_their_order(star):
    facts = star["fact_orders"]
    assert checksum(facts) == checksum(facts.orderBy(F.desc("orderAmount")).repartition(3))
    assert checksum(facts) != checksum(facts.limit(2))
    assert checksum(facts) != checksum(facts.withColumn("comments", F.lit("changed")))


def test_the_checksum_sees_a_value_move_to_another_column(spark):
    left = spark.createDataFrame([(1, None), (2, 2)], "a INT, b INT")
    right = spark.createDataFrame([(None, 1), (2, 2)], "a INT, b INT")
    assert checksum(left) != checksum(right)


def test_the_checksum_sees_a_row_twice_in_place_of_two_others(spark):
    assert checksum(spark.createDataFrame([(1,), (1,)], "a INT")) != checksum(
        spark.createDataFrame([(2,), (2,)], "a INT")
    )
