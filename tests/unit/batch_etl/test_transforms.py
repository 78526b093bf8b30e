"""Each star table on a case small enough to see."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

from batch_etl.transforms.daily_sales import daily_sales
from batch_etl.transforms.dim_customers import dim_customers
from batch_etl.transforms.dim_dates import dim_dates
from batch_etl.transforms.dim_locations import dim_locations
from batch_etl.transforms.dim_products import dim_products
from batch_etl.transforms.fact_orders import fact_orders
from batch_etl.transforms.product_performance import product_performance
from small_tables import rows, small_source, source_table


def facts_of(source):
    return fact_orders(source["orderdetails"], source["orders"], source["products"], source["customers"])


def test_customers_who_share_a_postal_code_keep_their_own_city(spark):
    customers = source_table(
        spark,
        "customers",
        "customerNumber postalCode city",
        [(1, "94217", "Burlingame"), (2, "94217", "San Francisco")],
    )
    assert rows(dim_locations(customers), "postalCode", "city") == [("94217", "Burlingame"), ("94217", "San Francisco")]


def test_the_location_key_is_the_same_for_a_customer_and_its_place_and_in_every_run(spark):
    customers = source_table(
        spark,
        "customers",
        "postalCode city state country",
        [(None, "Nantes", None, "France"), ("", "Nantes", None, "France")],
    )
    keys = rows(dim_locations(customers), "locationKey")
    assert keys == rows(dim_customers(customers), "locationKey")
    assert len(set(keys)) == 2


def test_text_moving_between_columns_changes_the_location_key(spark):
    customers = source_table(
        spark,
        "customers",
        "postalCode city state country",
        [("1", "2", None, "x"), ("12", None, None, "x"), (None, "12", None, "x"), (None, None, "12", "x")],
    )
    assert dim_locations(customers).select("locationKey").distinct().count() == 4


def test_a_fact_has_its_exact_amount_and_the_products_prices(spark):
    source = small_source(spark, orderdetails=("orderNumber productCode quantityOrdered priceEach", [
        (10, "A", 2_147_483_647, Decimal("99999999.99")),
    ]))  # fmt: skip
    assert rows(facts_of(source), "orderAmount", "buyPrice") == [(Decimal("214748364678525163.53"), Decimal("4.00"))]


def test_a_contact_without_a_first_name_is_still_named(spark):
    customers = source_table(spark, "customers", "contactFirstName contactLastName", [("Ann", "Lee"), (None, "Lee")])
    assert rows(dim_customers(customers), "contactName") == [("Ann Lee",), ("Lee",)]


def test_a_product_without_a_described_line_stays(spark):
    products = source_table(spark, "products", "productCode productLine", [("A", "Cars"), ("B", "Unheard")])
    lines = source_table(spark, "productlines", "productLine textDescription", [("Cars", "fast")])
    assert rows(dim_products(products, lines), "productCode", "productLineDescription") == [("A", "fast"), ("B", None)]


def test_the_calendar_covers_whole_years_without_gaps(spark):
    orders = source_table(spark, "orders", "orderDate", [(date(2003, 12, 31),), (date(2004, 2, 29),)])
    days = dim_dates(orders)
    assert days.count() == 365 + 366
    assert rows(days.where("dateKey = '2004-02-29'")) == [
        (date(2004, 2, 29), 2004, 1, 2, "February", 29, 7, "Sunday", True, "2004-02")
    ]


def test_no_orders_make_an_empty_calendar(spark):
    assert dim_dates(source_table(spark, "orders", "orderDate", [])).count() == 0


def test_daily_sales_show_cancelled_orders_apart(spark):
    source = small_source(spark)
    sales = daily_sales(facts_of(source), source["products"], dim_locations(source["customers"]))
    shown = ("orderDate", "productLine", "orders", "orderLines", "quantity", "revenue", "margin", "cancelledRevenue")
    assert rows(sales, *shown) == [
        (date(2004, 2, 1), "Cars", 1, 1, 3, Decimal("30.00"), Decimal("18.00"), Decimal("0.00")),
        (date(2004, 2, 1), "Ships", 1, 1, 4, Decimal("20.00"), Decimal("16.00"), Decimal("0.00")),
        (date(2004, 2, 2), "Cars", 0, 0, 0, Decimal("0.00"), Decimal("0.00"), Decimal("20.00")),
    ]  # fmt: skip


def test_daily_sales_count_an_order_with_two_lines_of_a_product_line_once(spark):
    source = small_source(spark, products=("productCode productLine", [("A", "Cars"), ("B", "Cars")]))
    sales = daily_sales(facts_of(source), source["products"], dim_locations(source["customers"]))
    assert rows(sales.where("orderLines > 0"), "orders", "orderLines") == [(1, 2)]


def test_sums_of_money_are_exact_to_the_limits_of_quantity_and_price(spark):
    chance = random.Random(3)  # noqa: S311 - the same lines in every run
    prices = [Decimal(chance.randrange(10 ** chance.randint(1, 10))).scaleb(-2) for _ in range(400)]
    lines = [(10, "A", chance.randrange(1, 2 ** chance.randint(1, 31)), price) for price in prices]
    lines.append((10, "A", 2_147_483_647, Decimal("99999999.99")))
    source = small_source(spark, orderdetails=("orderNumber productCode quantityOrdered priceEach", lines))
    expected = sum(quantity * price for _, _, quantity, price in lines)
    facts = facts_of(source)
    sales = daily_sales(facts, source["products"], dim_locations(source["customers"]))
    assert rows(sales, "revenue") == [(expected,)]
    products = dim_products(source["products"], source["productlines"])
    assert rows(product_performance(products, facts).where("productCode = 'A'"), "revenue") == [(expected,)]


def test_a_product_never_ordered_performs_at_zero(spark):
    source = small_source(spark, products=("productCode", [("A",), ("B",), ("C",)]))
    products = dim_products(source["products"], source["productlines"])
    performance = product_performance(products, facts_of(source))
    assert rows(
        performance, "productCode", "orders", "customers", "revenue", "cancelledQuantity", "firstOrderDate"
    ) == [
        ("A", 1, 1, Decimal("30.00"), 2, date(2004, 2, 1)),
        ("B", 1, 1, Decimal("20.00"), 0, date(2004, 2, 1)),
        ("C", 0, 0, Decimal("0.00"), 0, None),
    ]
