"""The lake held against the source: each side counted by its own engine, MySQL and Athena.

What the last published run set aside is a third side: lake and quarantine together must come to the source, figure by
figure. A quarantined record explains itself and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_SOURCE_SQL = """
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

_LAKE_SQL = """
SELECT
  COUNT(*) AS order_lines,
  COALESCE(SUM(f.orderAmount), 0) AS booked,
  COALESCE(SUM(CASE WHEN f.status = 'Cancelled' THEN f.orderAmount END), 0) AS cancelled,
  COUNT(DISTINCT f.orderNumber) AS orders_with_lines,
  (SELECT COUNT(*) FROM {gold}.dim_customers) AS customers,
  (SELECT COUNT(*) FROM {gold}.dim_products) AS products
FROM {gold}.fact_orders AS f
"""

_QUARANTINE_SQL = """
WITH aside AS (
  SELECT q.tableName, q.record
  FROM {bronze}.quarantine AS q
  WHERE q.runId = (SELECT MAX_BY(p.runId, p.publishedAt) FROM {gold}.publications AS p)
),
cancelled AS (
  SELECT CAST(o.orderNumber AS VARCHAR) AS orderNumber FROM {bronze}.orders AS o WHERE TRIM(o.status) = 'Cancelled'
  UNION
  SELECT JSON_EXTRACT_SCALAR(a.record, '$.orderNumber') FROM aside AS a
  WHERE a.tableName = 'orders' AND TRIM(JSON_EXTRACT_SCALAR(a.record, '$.status')) = 'Cancelled'
),
lines AS (
  SELECT
    JSON_EXTRACT_SCALAR(a.record, '$.orderNumber') AS orderNumber,
    TRY_CAST(JSON_EXTRACT_SCALAR(a.record, '$.quantityOrdered') AS DECIMAL(10, 0))
      * TRY_CAST(JSON_EXTRACT_SCALAR(a.record, '$.priceEach') AS DECIMAL(12, 2)) AS amount
  FROM aside AS a
  WHERE a.tableName = 'orderdetails'
)
SELECT
  COUNT(*) AS order_lines,
  COALESCE(SUM(l.amount), 0) AS booked,
  COALESCE(SUM(CASE WHEN c.orderNumber IS NOT NULL THEN l.amount END), 0) AS cancelled,
  COUNT(DISTINCT CASE WHEN f.orderNumber IS NULL THEN l.orderNumber END) AS orders_with_lines,
  (SELECT COUNT(*) FROM aside AS a WHERE a.tableName = 'customers') AS customers,
  (SELECT COUNT(*) FROM aside AS a WHERE a.tableName = 'products') AS products
FROM lines AS l
LEFT JOIN cancelled AS c ON c.orderNumber = l.orderNumber
LEFT JOIN (SELECT DISTINCT CAST(orderNumber AS VARCHAR) AS orderNumber FROM {gold}.fact_orders) AS f
  ON f.orderNumber = l.orderNumber
"""

FIGURES = ("order_lines", "booked", "cancelled", "orders_with_lines", "customers", "products")


@dataclass(frozen=True)
class Comparison:
    """One figure on its three sides."""

    figure: str
    source: Decimal
    lake: Decimal
    quarantined: Decimal

    @property
    def difference(self) -> Decimal:
        """What neither the lake nor the quarantine accounts for."""
        return self.lake + self.quarantined - self.source


def reconcile(
    ask_source: Callable[[str], Sequence[bytes | None]], ask_lake: Callable[[str], Sequence[Any]], *, project: str
) -> list[Comparison]:
    """Every figure in order. Each `ask` runs a statement in its engine and returns the one row of the answer."""
    names = {"gold": f"{project}_gold", "bronze": f"{project}_bronze"}
    source = [Decimal((value or b"0").decode()) for value in ask_source(_SOURCE_SQL)]
    lake = map(Decimal, ask_lake(_LAKE_SQL.format(**names)))
    quarantined = map(Decimal, ask_lake(_QUARANTINE_SQL.format(**names)))
    return [Comparison(*sides) for sides in zip(FIGURES, source, lake, quarantined, strict=True)]
