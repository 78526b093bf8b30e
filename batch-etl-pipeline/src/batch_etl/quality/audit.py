"""The invariants of the star schema, checked on every run against what the source itself says.

Each table is read once: Spark computes all of its figures as aggregates in one pass. (docs/adr tells why not pandera.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.parallel import side_by_side
from batch_etl.schemas import DIMENSIONS, GRAIN, MARTS, STAR
from batch_etl.transforms.measures import is_cancelled

FACT_KEYS = {
    "customerNumber": ("dim_customers", "customerNumber"),
    "productCode": ("dim_products", "productCode"),
    "locationKey": ("dim_locations", "locationKey"),
    "orderDate": ("dim_dates", "dateKey"),
}
"""Column of fact_orders → the dimension and key that it must find."""


@dataclass(frozen=True)
class Check:
    """One invariant of one table: what it should say and what it says."""

    table: str
    name: str
    expected: str
    actual: str

    @property
    def passed(self) -> bool:
        return self.expected == self.actual

    def __str__(self) -> str:
        return f"{self.table}: {self.name}: expected {self.expected}, found {self.actual}"


@dataclass(frozen=True)
class LineTotals:
    """Order lines and their booked value."""

    rows: int
    amount: Decimal

    def __add__(self, other: LineTotals) -> LineTotals:
        return LineTotals(self.rows + other.rows, self.amount + other.amount)


def audit_star(star: Mapping[str, DataFrame], source: LineTotals, quarantined: LineTotals) -> list[Check]:
    """All checks of the seven tables. `source` is what the source computed in the snapshot that was extracted."""
    figures = side_by_side(lambda name: _figures(name, star).collect()[0], STAR)
    checks = _fact_checks(figures["fact_orders"], source, quarantined)
    for name in (*DIMENSIONS, *MARTS):
        checks += _key_checks(name, figures[name])
    return checks + _mart_checks(figures)


def _figures(name: str, star: Mapping[str, DataFrame]) -> DataFrame:
    """All that is to be known of a table, in one row."""
    if name == "fact_orders":
        return _fact_figures(star)
    booked = _sum("revenue") + _sum("cancelledRevenue")
    more = {
        "daily_sales": [booked.alias("amount"), _total("orderLines").alias("lines")],
        "product_performance": [
            booked.alias("amount"),
            (_total("quantity") + _total("cancelledQuantity")).alias("quantity"),
        ],
    }
    grain = GRAIN[name]
    return star[name].agg(
        F.count(F.lit(1)).alias("rows"),
        F.count_distinct(F.struct(*grain)).alias("keys"),
        _count(_any_null(grain[0])).alias("nulls"),
        *more.get(name, []),
    )


def _fact_figures(star: Mapping[str, DataFrame]) -> DataFrame:
    facts = star["fact_orders"]
    for column, (dimension, key) in FACT_KEYS.items():
        known = star[dimension].select(F.col(key).alias(column), F.lit(True).alias(f"known_{column}")).distinct()
        facts = facts.join(known, column, "left")
    kept = ~is_cancelled()
    return facts.agg(
        F.count(F.lit(1)).alias("rows"),
        _sum("orderAmount").alias("amount"),
        F.count_distinct(*GRAIN["fact_orders"]).alias("keys"),
        _count(_any_null(*GRAIN["fact_orders"], *FACT_KEYS)).alias("nulls"),
        _count(kept).alias("kept"),
        _total("quantityOrdered").alias("quantity"),
        *(_count(F.col(f"known_{column}").isNull()).alias(f"orphans_{column}") for column in FACT_KEYS),
    )


def _fact_checks(facts: Row, source: LineTotals, quarantined: LineTotals) -> list[Check]:
    found = LineTotals(facts["rows"], facts["amount"])
    accounted = found + quarantined
    checks = [
        _check("fact_orders", "rows + quarantined = order lines of the source", source.rows, accounted.rows),
        _check("fact_orders", "amount + quarantined = amount of the source", source.amount, accounted.amount),
        _check("fact_orders", "is empty only when the source is", source.rows == 0, found.rows == 0),
        _check("fact_orders", "rows that repeat (orderNumber, orderLineNumber)", 0, found.rows - facts["keys"]),
        _check("fact_orders", "rows with a null key", 0, facts["nulls"]),
    ]
    return checks + [
        _check("fact_orders", f"rows whose {column} is not in {dimension}", 0, facts[f"orphans_{column}"])
        for column, (dimension, _) in FACT_KEYS.items()
    ]


def _key_checks(name: str, figures: Row) -> list[Check]:
    grain = GRAIN[name]
    repeat = "locations that share a key" if name == "dim_locations" else f"rows that repeat ({', '.join(grain)})"
    return [
        _check(name, repeat, 0, figures["rows"] - figures["keys"]),
        _check(name, f"rows without {grain[0]}", 0, figures["nulls"]),
    ]


def _mart_checks(figures: Mapping[str, Row]) -> list[Check]:
    facts, daily, products = (figures[name] for name in ("fact_orders", "daily_sales", "product_performance"))
    return [
        _check("daily_sales", "revenue + cancelled = amount of fact_orders", facts["amount"], daily["amount"]),
        _check("daily_sales", "order lines = lines of fact_orders not cancelled", facts["kept"], daily["lines"]),
        _check(
            "product_performance", "revenue + cancelled = amount of fact_orders", facts["amount"], products["amount"]
        ),
        _check("product_performance", "quantity = quantity of fact_orders", facts["quantity"], products["quantity"]),
    ]


def _check(table: str, name: str, expected: object, actual: object) -> Check:
    return Check(table, name, str(expected), str(actual))


def _sum(column: str) -> Column:
    return F.coalesce(F.sum(column), F.lit(0)).cast("decimal(31,2)")


def _total(column: str) -> Column:
    return F.coalesce(F.sum(column), F.lit(0))


def _count(condition: Column) -> Column:
    return F.count(F.when(condition, 1))


def _any_null(*columns: str) -> Column:
    missing = F.lit(False)
    for column in columns:
        missing = missing | F.col(column).isNull()
    return missing
