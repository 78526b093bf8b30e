"""The genuine dump: the figures that the tutorial's version of this platform gets wrong, and ours."""

from __future__ import annotations

from decimal import Decimal

import pytest
from batch_etl.quality.audit import LineTotals, audit_star
from batch_etl.quality.clean_source import clean_source, repeated_keys
from batch_etl.schemas import STAR
from batch_etl.transforms.measures import is_cancelled
from batch_etl.transforms.star_schema import star_schema
from pyspark.sql import functions as F  # noqa: N812
from small_tables import dump_tables, rows

TRUTH = (2_996, Decimal("9604190.61"))


@pytest.fixture(scope="module")
def source(spark, dump):
    return {name: table.cache() for name, table in dump_tables(spark, dump).items()}


@pytest.fixture(scope="module")
def star(source):
    made = {}
    for name, make in star_schema(clean_source(source, repeated=()).tables).items():
        made[name] = make(made).cache()
    return made


def rows_and_amount(facts, amount="orderAmount"):
    return tuple(facts.agg(F.count("*"), F.sum(amount)).collect()[0])


def test_the_facts_hold_every_order_line_once(star):
    assert rows_and_amount(star["fact_orders"]) == TRUTH


def test_the_old_join_on_postal_code_makes_3688_lines_of_2996(source):
    locations = source["customers"].select("postalCode", "city", "state", "country").distinct()
    lines = (
        source["orderdetails"]
        .join(source["orders"], "orderNumber")
        .join(source["customers"].select("customerNumber", "postalCode"), "customerNumber")
        .join(locations, "postalCode", "left")
        .withColumn("amount", F.col("quantityOrdered") * F.col("priceEach"))
    )
    assert rows_and_amount(lines, "amount") == (3_688, Decimal("11886107.45"))


def test_the_dashboards_join_on_location_gives_the_whole_revenue(star):
    joined = star["fact_orders"].join(star["dim_locations"], "locationKey")
    assert rows_and_amount(joined) == TRUTH


def test_trailing_blanks_make_no_second_location(source, star):
    untrimmed = source["customers"].select("postalCode", "city", "state", "country").distinct()
    assert untrimmed.count() == 105
    assert star["dim_locations"].count() == 104
    assert ("Norway",) in rows(star["dim_locations"], "country")
    assert ("Norway  ",) not in rows(star["dim_locations"], "country")


def test_a_shared_postal_code_covers_its_four_cities(star):
    burlingame = star["dim_locations"].where("postalCode = '94217'")
    assert burlingame.count() == burlingame.select("city").distinct().count() == 4


def test_customers_without_a_postal_code_keep_their_lines(star):
    without = star["fact_orders"].where("postalCode IS NULL")
    assert rows_and_amount(without) == (173, Decimal("547686.12"))
    assert without.join(star["dim_locations"], "locationKey").count() == 173


def test_cancelled_orders_are_no_revenue(star):
    cancelled = star["fact_orders"].where(is_cancelled())
    assert cancelled.select("orderNumber").distinct().count() == 6
    assert rows_and_amount(cancelled)[1] == Decimal("238854.18")
    for mart in ("daily_sales", "product_performance"):
        figures = star[mart].agg(F.sum("revenue"), F.sum("cancelledRevenue")).collect()[0]
        assert tuple(figures) == (TRUTH[1] - Decimal("238854.18"), Decimal("238854.18"))


def test_customers_who_never_ordered_are_in_the_dimension(star):
    assert star["dim_customers"].count() == 122
    assert star["dim_customers"].join(star["fact_orders"], "customerNumber", "left_anti").count() == 24


def test_nothing_of_the_dump_belongs_in_quarantine(source):
    clean = clean_source(source, repeated=())
    assert {name: rejected.count() for name, rejected in clean.rejected.items()} == dict.fromkeys(clean.rejected, 0)
    assert {row["tableName"]: row["repeats"] for row in repeated_keys(source).collect()} == dict.fromkeys(
        clean.tables, False
    )


def test_every_table_has_its_contracts_columns_and_types(star):
    for name, schema in STAR.items():
        found = [(field.name, field.dataType) for field in star[name].schema]
        assert found == [(field.name, field.dataType) for field in schema], name


def test_the_audit_passes_against_the_sources_own_figures(star):
    checks = audit_star(star, LineTotals(*TRUTH), LineTotals(0, Decimal(0)))
    assert [str(check) for check in checks if not check.passed] == []


def test_the_audit_refuses_the_old_joins_facts(star):
    doubled = star["fact_orders"].unionByName(star["fact_orders"].where("postalCode = '94217'"))
    checks = audit_star(star | {"fact_orders": doubled}, LineTotals(*TRUTH), LineTotals(0, Decimal(0)))
    assert {check.name for check in checks if not check.passed} >= {
        "rows + quarantined = order lines of the source",
        "amount + quarantined = amount of the source",
        "rows that repeat (orderNumber, orderLineNumber)",
    }
