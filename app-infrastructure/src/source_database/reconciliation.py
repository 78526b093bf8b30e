"""The source's own figures, computed by the server itself: what every later stage must account for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from source_database.connection import MySql
from source_database.schema import TABLES, count_rows, tables_of

_BOOKED = """
SELECT
  COUNT(*),
  COUNT(DISTINCT d.orderNumber),
  COALESCE(SUM(d.quantityOrdered), 0),
  COALESCE(SUM(d.quantityOrdered * d.priceEach), 0),
  COALESCE(SUM(o.status = 'Cancelled'), 0),
  COALESCE(SUM(CASE WHEN o.status = 'Cancelled' THEN d.quantityOrdered * d.priceEach END), 0)
FROM orderdetails AS d
LEFT JOIN orders AS o ON o.orderNumber = d.orderNumber
"""


def figures(connection: MySql) -> dict[str, Any]:
    """Rows and sums of the connection's database in one snapshot; money as Decimal with two places.

    {tables: {name: rows}, order_lines, orders, quantity, booked, cancelled_lines, cancelled, revenue};
    revenue is booked without orders that are Cancelled. Tables that are absent are left out of `tables`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        cursor.execute("SELECT DATABASE()")
        database = str((cursor.fetchone() or ("",))[0])
        present = set(tables_of(connection, database))
        counts = {table: count_rows(connection, database, table) for table in TABLES if table in present}
        cursor.execute(_BOOKED)
        lines, orders, quantity, booked, cancelled_lines, cancelled = cursor.fetchone() or (0,) * 6
        cursor.execute("COMMIT")
    money = {name: Decimal(amount).quantize(Decimal("0.01")) for name, amount in _named(booked, cancelled).items()}
    return {
        "tables": counts,
        "order_lines": int(lines),
        "orders": int(orders),
        "quantity": int(quantity),
        "cancelled_lines": int(cancelled_lines),
        **money,
        "revenue": money["booked"] - money["cancelled"],
    }


def _named(booked: Any, cancelled: Any) -> dict[str, Any]:
    return {"booked": booked, "cancelled": cancelled}
