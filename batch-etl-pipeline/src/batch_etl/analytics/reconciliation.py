"""The lake held against the source: each side counted by its own engine, MySQL and Athena."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SOURCE_SQL = """
SELECT
  COUNT(*) AS order_lines,
  COALESCE(SUM(d.quantityOrdered * d.priceEach), 0) AS booked,
  COALESCE(SUM(CASE WHEN o.status = 'Cancelled' THEN d.quantityOrdered * d.priceEach END), 0) AS cancelled,
  COUNT(DISTINCT d.orderNumber) AS orders_with_lines,
  (SELECT COUNT(*) FROM customers) AS customers,
  (SELECT COUNT(*) FROM products) AS products
FROM orderdetails AS d
LEFT JOIN orders AS o ON o.orderNumber = d.orderNumber
"""

LAKE_SQL = """
SELECT
  COUNT(*) AS order_lines,
  COALESCE(SUM(f.orderAmount), 0) AS booked,
  COALESCE(SUM(CASE WHEN f.status = 'Cancelled' THEN f.orderAmount END), 0) AS cancelled,
  COUNT(DISTINCT f.orderNumber) AS orders_with_lines,
  (SELECT COUNT(*) FROM {gold}.dim_customers) AS customers,
  (SELECT COUNT(*) FROM {gold}.dim_products) AS products
FROM {gold}.fact_orders AS f
"""

QUARANTINE_SQL = """
SELECT q.tableName, COUNT(*) AS records
FROM {bronze}.quarantine AS q
WHERE q.runId = (SELECT MAX_BY(p.runId, p.publishedAt) FROM {gold}.publications AS p)
GROUP BY q.tableName
ORDER BY q.tableName
"""
"""What the last published run set aside: the only difference that may be explained."""

FIGURES = ("order_lines", "booked", "cancelled", "orders_with_lines", "customers", "products")


@dataclass(frozen=True)
class Comparison:
    """One figure on both sides."""

    figure: str
    source: Decimal
    lake: Decimal

    @property
    def difference(self) -> Decimal:
        return self.lake - self.source


def compare(source: dict[str, Decimal], lake: dict[str, Decimal]) -> list[Comparison]:
    """Every figure, in order."""
    return [Comparison(figure, source[figure], lake[figure]) for figure in FIGURES]
