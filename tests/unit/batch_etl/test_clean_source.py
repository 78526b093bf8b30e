"""What goes to quarantine, and that nothing else is lost on the way."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from batch_etl.quality.clean_source import amounts, clean_source, repeated_keys
from batch_etl.quality.quarantine import as_records
from batch_etl.transforms.star_schema import star_schema
from small_tables import rows, small_source

LINES = "orderNumber orderLineNumber productCode quantityOrdered priceEach"
NOT_IN = "{} is not in {}, or that row is in quarantine itself"
TWIN = "orderNumber, orderLineNumber"
GOOD = [(10, 1, "A", 3, Decimal("10.00")), (10, 2, "B", 4, Decimal("5.00"))]


def sorted_out(source):
    repeated = {row["tableName"] for row in repeated_keys(source).collect() if row["repeats"]}
    clean = clean_source(source, repeated)
    facts = star_schema(clean.tables)["fact_orders"]({})
    return clean, facts


def findings(clean, table):
    return rows(clean.rejected[table].select("finding.field", "finding.reason"))


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ((99, 1, "A", 1, Decimal("1.00")), "orderNumber", NOT_IN.format("orderNumber", "orders")),
        ((10, 3, "Z", 1, Decimal("1.00")), "productCode", NOT_IN.format("productCode", "products")),
        ((10, 3, "A", 0, Decimal("1.00")), "quantityOrdered", "quantityOrdered is not positive"),
        ((10, 3, "A", -5, Decimal("1.00")), "quantityOrdered", "quantityOrdered is not positive"),
        ((10, None, "A", 1, Decimal("1.00")), "orderLineNumber", "orderLineNumber is missing"),
        ((10, 3, None, 1, Decimal("1.00")), "productCode", "productCode is missing"),
        ((10, 3, "A", 1, None), "priceEach", "priceEach is missing"),
        ((10, 2, "B", 7, Decimal("1.00")), TWIN, f"another row has the same {TWIN}"),
    ],
)  # fmt: skip
def test_a_bad_line_goes_to_quarantine_with_its_reason_and_the_others_pass(spark, line, field, reason):
    clean, facts = sorted_out(small_source(spark, orderdetails=(LINES, [*GOOD, line])))
    assert findings(clean, "orderdetails") == [(field, reason)]
    assert rows(facts, "orderNumber", "orderLineNumber", "quantityOrdered") == [(10, 1, 3), (10, 2, 4)]


def test_a_line_that_lacks_order_and_product_is_counted_once(spark):
    clean, facts = sorted_out(small_source(spark, orderdetails=(LINES, [*GOOD, (99, 1, "Z", 1, Decimal("1.00"))])))
    assert clean.rejected["orderdetails"].count() == 1
    assert facts.count() == 2


def test_quarantined_lines_are_added_up_to_the_cent(spark):
    bad = [(99, 1, "A", 3, Decimal("0.10")), (10, 3, "A", -2, Decimal("0.05")), (10, 4, "A", 1, None)]
    clean, _ = sorted_out(small_source(spark, orderdetails=(LINES, GOOD + bad)))
    assert rows(amounts(clean.rejected["orderdetails"])) == [(3, Decimal("0.20"))]


def test_an_order_of_an_unknown_customer_takes_its_lines_with_it(spark):
    orders = ("orderNumber customerNumber", [(10, 1), (11, 77)])
    clean, facts = sorted_out(small_source(spark, orders=orders))
    assert findings(clean, "orders")[0][0] == "customerNumber"
    assert rows(clean.rejected["orderdetails"], "orderNumber") == [(11,)]
    assert rows(facts, "orderNumber") == [(10,), (10,)]


def test_an_order_without_lines_is_legal(spark):
    orders = ("orderNumber customerNumber orderDate", [(n, 1, date(2004, 1, 1)) for n in (10, 11, 12)])
    clean, facts = sorted_out(small_source(spark, orders=orders))
    assert clean.rejected["orders"].count() == 0
    assert facts.count() == 3


def test_of_two_customers_with_one_number_the_same_one_is_kept_in_every_run(spark):
    twins = [(1, "Nantes"), (1, "Amiens"), (2, "Paris")]
    for order in (twins, list(reversed(twins))):
        clean, facts = sorted_out(small_source(spark, customers=("customerNumber city", order)))
        assert rows(clean.tables["customers"], "customerNumber", "city") == [(1, "Amiens"), (2, "Paris")]
        assert rows(clean.rejected["customers"], "city") == [("Nantes",)]
        assert facts.count() == 3


def test_keys_that_differ_by_trailing_blanks_are_one_as_in_the_source(spark):
    clean, facts = sorted_out(small_source(spark, orderdetails=(LINES, [(10, 1, "A  ", 3, Decimal("10.00"))])))
    assert clean.rejected["orderdetails"].count() == 0
    assert rows(facts, "productCode") == [("A",)]


def test_text_of_any_script_comes_through(spark):
    name = "Zoë 🚗 Käse 漢字"
    clean, _ = sorted_out(small_source(spark, customers=("customerNumber customerName", [(1, name), (2, " x ")])))
    assert rows(clean.tables["customers"], "customerName") == [(name,), ("x",)]


def test_a_record_keeps_the_whole_row_also_what_is_null(spark):
    clean, _ = sorted_out(small_source(spark, orderdetails=(LINES, [(10, 3, "A", 1, None)])))
    record = as_records(clean.rejected["orderdetails"], "orderdetails").collect()[0]
    assert record["tableName"] == "orderdetails"
    assert record["remedy"] == "Fill in priceEach in the source."
    assert json.loads(record["record"]) == {
        "orderNumber": 10, "productCode": "A", "quantityOrdered": 1, "priceEach": None, "orderLineNumber": 3,
    }  # fmt: skip
