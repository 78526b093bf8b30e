"""A deterministic source of any number of order lines: the same arguments give the same rows, whoever writes them.

    for table, batch in generate(100_000):
        ...

No clock is read. numpy's streams are stable for one version of numpy, which uv.lock pins.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from source_database.generator import catalogue, people, sales
from source_database.generator.calendar import Calendar
from source_database.generator.plan import LAST_DAY, VERSION, Plan
from source_database.generator.ratings import Ratings
from source_database.generator.tastes import Tastes

__all__ = ["LAST_DAY", "VERSION", "Plan", "generate"]

Batches = Iterator[tuple[str, pa.RecordBatch]]


def generate(orders: int, seed: int = 42, through: date = LAST_DAY) -> Batches:
    """Yield (table, batch) of a source with `orders` order lines; parents come before their children.

    Memory stays at some tens of MB plus about 10 bytes for each line. Raises ArgumentError.
    """
    return _tables(Plan(orders, seed, through))


def _tables(plan: Plan) -> Batches:
    yield "offices", people.offices(plan)
    employees, reps = people.employees(plan)
    yield "employees", employees
    yield "productlines", catalogue.product_lines(plan)
    products_table, products = catalogue.products(plan)
    yield "products", products_table
    customers_table, customers = people.customers(plan, reps)
    yield "customers", customers_table
    market = sales.Market(plan, products, customers, Tastes.planted(plan, products), Calendar.of(plan))
    ratings = Ratings(market)
    for part in sales.parts(market):
        orders = sales.draw_orders(market, part)
        lines = sales.draw_lines(market, orders, part)
        yield "orders", sales.order_table(market, orders, part)
        yield "orderdetails", sales.line_table(market, orders, lines)
        yield "payments", sales.payment_table(market, orders, lines, part)
        ratings.collect(orders, lines, part)
    for batch in ratings.tables():
        yield "ratings", batch
