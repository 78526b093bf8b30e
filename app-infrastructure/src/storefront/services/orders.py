"""Orders as they are read: a customer's history, and all of them in pages for the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, text

from storefront.services.database import Database

_COLUMNS = "orderNumber, orderDate, requiredDate, shippedDate, status, comments, customerNumber"
_OF_CUSTOMER = text(f"""
SELECT {_COLUMNS}
FROM orders
WHERE customerNumber = :customer
ORDER BY orderNumber DESC
LIMIT :most
""")  # noqa: S608 - our own column names
_AFTER = text(f"""
SELECT {_COLUMNS}
FROM orders
WHERE orderNumber > :after
ORDER BY orderNumber
LIMIT :most
""")  # noqa: S608
_ITEMS = text("""
SELECT
  d.orderNumber,
  d.productCode,
  p.productName,
  d.quantityOrdered,
  d.priceEach
FROM orderdetails AS d
LEFT JOIN products AS p ON p.productCode = d.productCode
WHERE d.orderNumber IN :numbers
ORDER BY d.orderNumber, d.orderLineNumber
""").bindparams(bindparam("numbers", expanding=True))


@dataclass(frozen=True)
class OrderedItem:
    code: str
    name: str
    quantity: int
    price: Decimal


@dataclass(frozen=True)
class Order:
    """One order with its lines in their order."""

    number: int
    ordered: date
    required: date
    shipped: date | None
    status: str
    comments: str | None
    customer_number: int
    items: Sequence[OrderedItem]

    @property
    def total(self) -> Decimal:
        return sum((item.quantity * item.price for item in self.items), Decimal("0.00"))


def orders_of(database: Database, customer_number: int, most: int = 50) -> list[Order]:
    """A customer's orders, the latest first."""
    with database.transaction() as connection:
        rows = connection.execute(_OF_CUSTOMER, {"customer": customer_number, "most": most}).all()
        return _with_items(connection, rows)


def orders_after(database: Database, number: int, most: int) -> list[Order]:
    """Up to `most` orders with a greater number than `number`, in the order of their numbers.

    Numbers grow with time and are given under a lock, so that a reader who goes on from the last one misses none.
    """
    with database.transaction() as connection:
        rows = connection.execute(_AFTER, {"after": number, "most": most}).all()
        return _with_items(connection, rows)


def _with_items(connection: Connection, rows: Sequence[Any]) -> list[Order]:
    items: defaultdict[int, list[OrderedItem]] = defaultdict(list)
    if rows:
        for number, code, name, quantity, price in connection.execute(_ITEMS, {"numbers": [row[0] for row in rows]}):
            items[number].append(OrderedItem(code, name or code, quantity, price))
    return [
        Order(number, ordered, required, shipped, status, comments, customer, items[number])
        for number, ordered, required, shipped, status, comments, customer in rows
    ]
