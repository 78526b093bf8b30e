"""The generated source: exact in size, the same for the same arguments, sound in its keys, awkward in its texts."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from source_database.errors import ArgumentError
from source_database.generator import Plan, generate
from source_database.generator.plan import last_day

LINES = 20_000
STATUSES = {"Shipped", "In Process", "On Hold", "Cancelled", "Disputed", "Resolved"}


def tables(lines: int, **arguments: Any) -> dict[str, pl.DataFrame]:
    batches: dict[str, list[pa.RecordBatch]] = {}
    for table, batch in generate(lines, **arguments):
        batches.setdefault(table, []).append(batch)
    return {table: pl.DataFrame(pa.Table.from_batches(parts)) for table, parts in batches.items()}


@pytest.fixture(scope="module")
def source() -> dict[str, pl.DataFrame]:
    return tables(LINES)


@pytest.mark.parametrize("lines", [1, 17, 2_996, LINES])
def test_there_are_exactly_as_many_order_lines_as_asked_for(lines):
    assert tables(lines)["orderdetails"].height == lines


def test_the_same_arguments_make_the_same_rows(source):
    again = tables(LINES)
    assert again.keys() == source.keys()
    for table, rows in source.items():
        assert rows.equals(again[table]), table


def test_another_seed_makes_other_rows_of_the_same_number(source):
    other = tables(LINES, seed=43)["orderdetails"]
    assert other.height == LINES
    assert not other.equals(source["orderdetails"])


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("offices", ["officeCode"]),
        ("employees", ["employeeNumber"]),
        ("productlines", ["productLine"]),
        ("products", ["productCode"]),
        ("customers", ["customerNumber"]),
        ("orders", ["orderNumber"]),
        ("orderdetails", ["orderNumber", "productCode"]),
        ("orderdetails", ["orderNumber", "orderLineNumber"]),
        ("payments", ["customerNumber", "checkNumber"]),
        ("ratings", ["customerNumber", "productCode"]),
    ],
)
def test_keys_are_unique_and_never_null(source, table, key):
    assert source[table].select(key).n_unique() == source[table].height
    assert source[table].select(key).null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize(
    ("table", "column", "parent", "parent_column"),
    [
        ("employees", "officeCode", "offices", "officeCode"),
        ("employees", "reportsTo", "employees", "employeeNumber"),
        ("products", "productLine", "productlines", "productLine"),
        ("customers", "salesRepEmployeeNumber", "employees", "employeeNumber"),
        ("orders", "customerNumber", "customers", "customerNumber"),
        ("orderdetails", "orderNumber", "orders", "orderNumber"),
        ("orderdetails", "productCode", "products", "productCode"),
        ("payments", "customerNumber", "customers", "customerNumber"),
        ("ratings", "customerNumber", "customers", "customerNumber"),
        ("ratings", "productCode", "products", "productCode"),
    ],
)
def test_every_child_has_its_parent(source, table, column, parent, parent_column):
    assert set(source[table][column].drop_nulls()) <= set(source[parent][parent_column])


def test_every_order_has_lines(source):
    assert set(source["orders"]["orderNumber"]) == set(source["orderdetails"]["orderNumber"])


def test_no_order_comes_after_the_last_day_or_ships_before_it_came():
    orders = tables(5_000, through=date(2024, 2, 29))["orders"]
    assert orders["orderDate"].min() >= date(2021, 3, 1)
    assert orders["orderDate"].max() <= date(2024, 2, 29)
    assert orders["shippedDate"].drop_nulls().max() <= date(2024, 2, 29)
    assert orders.filter(pl.col("shippedDate") < pl.col("orderDate")).height == 0
    assert orders.filter(pl.col("requiredDate") <= pl.col("orderDate")).height == 0


def test_statuses_are_those_of_classicmodels_and_decide_the_shipping_date(source):
    orders = source["orders"]
    assert set(orders["status"]) == STATUSES
    shipped = orders.filter(pl.col("status").is_in(["Shipped", "Disputed", "Resolved"]))
    assert shipped["shippedDate"].null_count() == 0
    waiting = orders.filter(pl.col("status").is_in(["In Process", "On Hold"]))
    assert waiting["shippedDate"].null_count() == waiting.height
    late = shipped.filter(pl.col("shippedDate") > pl.col("requiredDate")).height
    assert 0 < late < shipped.height * 0.1


def test_a_payment_is_the_total_of_its_order(source):
    totals = (
        source["orderdetails"]
        .group_by("orderNumber")
        .agg(total=(pl.col("quantityOrdered").cast(pl.Decimal(10, 2)) * pl.col("priceEach")).sum())
    )
    paid = source["payments"].with_columns(orderNumber=pl.col("checkNumber").str.slice(2).cast(pl.Int32))
    assert paid.join(totals, "orderNumber").filter(pl.col("amount") == pl.col("total")).height == paid.height


def test_products_and_customers_are_unequally_busy(source):
    by_product = source["orderdetails"]["productCode"].value_counts(sort=True)["count"]
    assert by_product.head(len(by_product) // 10).sum() > 0.3 * LINES
    by_customer = source["orders"]["customerNumber"].value_counts(sort=True)["count"]
    assert by_customer.head(len(by_customer) // 10).sum() > 0.3 * source["orders"].height


def test_november_outsells_june_and_mondays_outsell_sundays(source):
    orders = source["orders"]["orderDate"]
    assert (orders.dt.month() == 11).sum() > 1.4 * (orders.dt.month() == 6).sum()
    assert (orders.dt.weekday() == 1).sum() > 2 * (orders.dt.weekday() == 7).sum()


def test_values_are_missing_where_they_are_missing_in_real_life(source):
    customers = source["customers"]
    nullable = ["addressLine2", "state", "postalCode", "salesRepEmployeeNumber", "creditLimit"]
    assert all(0 < customers[column].null_count() < customers.height for column in nullable)
    assert (customers["creditLimit"] == 0).sum() > 0
    assert 0 < source["orders"]["comments"].null_count() < source["orders"].height
    assert len(set(customers["customerNumber"]) - set(source["orders"]["customerNumber"])) > customers.height * 0.1


def test_texts_are_awkward(source):
    names, places = source["customers"]["customerName"], source["customers"].select("country", "city")
    texts = "".join(source["orders"]["comments"].drop_nulls()) + "".join(source["products"]["productDescription"])
    assert all(awkward in texts for awkward in ("\n", "\t", '"', "\\", ",", "🙏", "🏎"))
    assert names.str.ends_with(" ").any()
    assert {"Norway  ", "Norway"} <= set(places["country"])
    assert {"Auckland  ", "Auckland"} <= set(places["city"])
    assert names.str.len_chars().max() <= 50


def test_a_postal_code_covers_several_cities(source):
    cities = source["customers"].drop_nulls("postalCode").group_by("postalCode").agg(pl.col("city").n_unique())
    assert (cities["city"] > 2).any()


def test_customers_come_back_to_their_tastes(source):
    """Shares of purchases by product in the first and the second half are alike within a customer, not across them."""
    lines = source["orderdetails"].join(source["orders"], "orderNumber")
    middle = lines["orderDate"].median()
    halves = [
        lines.filter(half).pivot(
            "productCode", index="customerNumber", values="quantityOrdered", aggregate_function="len"
        )
        for half in (pl.col("orderDate") < middle, pl.col("orderDate") >= middle)
    ]
    products = sorted(set(halves[0].columns[1:]) & set(halves[1].columns[1:]))
    both = halves[0].join(halves[1], "customerNumber", suffix="_later").fill_null(0)
    before = both.select(products).to_numpy().astype(float)
    after = both.select([f"{product}_later" for product in products]).to_numpy().astype(float)
    likeness = np.corrcoef(before, after)[: len(before), len(before) :]
    others = likeness[~np.eye(len(likeness), dtype=bool)].mean()
    assert np.diag(likeness).mean() > 3 * others


def test_customers_rate_higher_what_they_buy_often(source):
    bought = (
        source["orderdetails"]
        .join(source["orders"], "orderNumber")
        .group_by("customerNumber", "productCode")
        .agg(times=pl.len())
    )
    rated = source["ratings"].join(bought, ["customerNumber", "productCode"])
    assert rated.height == source["ratings"].height  # nobody rates what was never bought
    often = rated.filter(pl.col("times") >= 3)["productRating"].mean()
    once = rated.filter(pl.col("times") == 1)["productRating"].mean()
    assert often > once + 0.2
    assert set(rated["productRating"]) == {1, 2, 3, 4, 5}


def test_customers_and_products_grow_with_the_sales():
    sizes = [(Plan(lines).customers, Plan(lines).products) for lines in (1_000, 100_000, 1_000_000, 100_000_000)]
    assert sizes == [(122, 110), (1_666, 901), (16_666, 3_590), (1_666_666, 5_000)]


@pytest.mark.parametrize(
    "arguments", [{"lines": 0}, {"lines": 10**9}, {"lines": 1, "seed": -1}, {"lines": 1, "through": date(1066, 10, 14)}]
)
def test_what_makes_no_sense_is_refused(arguments):
    with pytest.raises(ArgumentError):
        Plan(**arguments)


def test_a_last_day_is_read_as_written():
    assert last_day("2024-02-29") == date(2024, 2, 29)
    with pytest.raises(ArgumentError, match=r"29\.02\.2024"):
        last_day("29.02.2024")
