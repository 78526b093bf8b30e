"""From a cart to an order: one transaction, once per form, at the server's prices, never below zero stock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import DBAPIError

from storefront.errors import CheckoutError, DatabaseUnavailableError, PricesChangedError, StockShortError
from storefront.services.database import (
    DEADLOCK,
    DUPLICATE,
    LOCK_TIMEOUT,
    NO_PARENT,
    NO_SUCH_TABLE,
    Database,
    error_code,
)

logger = logging.getLogger(__name__)
DELIVERY_DAYS = 7
_TRIES = 4
_NOTE_TOKEN = text("INSERT INTO storefront_checkouts (token, customerNumber) VALUES (:token, :customer)")
_ORDER_OF = text("SELECT orderNumber FROM storefront_checkouts WHERE token = :token AND customerNumber = :customer")
_TAKE_STOCK = text("""
UPDATE products
SET quantityInStock = quantityInStock - :quantity
WHERE productCode = :code AND quantityInStock >= :quantity
""")
_STANDING = text("SELECT productCode, quantityInStock, MSRP FROM products WHERE productCode IN :codes").bindparams(
    bindparam("codes", expanding=True)
)
_LAST_GIVEN = text("SELECT lastNumber FROM storefront_order_numbers WHERE id = 1 FOR UPDATE")
_LAST_USED = text("SELECT COALESCE(MAX(orderNumber), 0) FROM orders")
_GIVE = text("UPDATE storefront_order_numbers SET lastNumber = :number WHERE id = 1")
_ORDER = text("""
INSERT INTO orders (orderNumber, orderDate, requiredDate, status, comments, customerNumber)
VALUES (:number, :today, :required, 'In Process', :comments, :customer)
""")
_LINE = text("""
INSERT INTO orderdetails (orderNumber, productCode, quantityOrdered, priceEach, orderLineNumber)
VALUES (:number, :code, :quantity, :price, :line)
""")
_NOTE_ORDER = text("UPDATE storefront_checkouts SET orderNumber = :number WHERE token = :token")


@dataclass(frozen=True)
class Line:
    """What the shopper wants, at the price that the shopper saw."""

    code: str
    quantity: int
    price: Decimal


@dataclass(frozen=True)
class Purchase:
    """A checkout form; `token` is its own, so that the form sent twice is one order."""

    token: str
    customer_number: int
    lines: Sequence[Line]
    comments: str | None = None


@dataclass(frozen=True)
class Receipt:
    """`repeated` when the form had been an order already."""

    order_number: int
    repeated: bool = False


def place_order(database: Database, purchase: Purchase, today: date) -> Receipt:
    """Order all lines or none.

    Raises a CheckoutError, and then nothing has changed; or DatabaseUnavailableError, and then the commit may have
    arrived without its answer: the same purchase once more finds its order.
    """
    for _ in range(_TRIES):
        try:
            with database.transaction() as connection:
                return _order(connection, purchase, today)
        except DBAPIError as problem:
            code = error_code(problem)
            if code == DUPLICATE and (found := order_of(database, purchase.token, purchase.customer_number)):
                return Receipt(found, repeated=True)
            if code == NO_SUCH_TABLE:
                raise _not_set_up(problem) from problem
            if code == NO_PARENT:
                raise CheckoutError("You are no longer a customer that the shop knows.", "Sign in again.") from problem
            if code not in (DUPLICATE, DEADLOCK, LOCK_TIMEOUT):
                raise
            logger.info("Checkout tried again after error %s", code)
    raise CheckoutError("Too many others order at this moment.", "Send the form again.")


def order_of(database: Database, token: str, customer_number: int) -> int | None:
    """The order that a checkout form of this customer has become, if it has."""

    def read(connection: Connection) -> int | None:
        found = connection.execute(_ORDER_OF, {"token": token, "customer": customer_number}).scalar()
        return None if found is None else int(found)

    return _reading(database, read)


def _reading(database: Database, read: Callable[[Connection], int | None]) -> int | None:
    try:
        with database.transaction() as connection:
            return read(connection)
    except DBAPIError as problem:
        if error_code(problem) == NO_SUCH_TABLE:
            raise _not_set_up(problem) from problem
        raise


def _order(connection: Connection, purchase: Purchase, today: date) -> Receipt:
    """Locks are taken in one order by all: the form's token, products by code, the counter."""
    connection.execute(_NOTE_TOKEN, {"token": purchase.token, "customer": purchase.customer_number})
    _take_stock(connection, purchase.lines)
    number = _next_number(connection)
    connection.execute(
        _ORDER,
        {
            "number": number,
            "today": today,
            "required": today + timedelta(days=DELIVERY_DAYS),
            "comments": purchase.comments or None,
            "customer": purchase.customer_number,
        },
    )
    lines = [
        {"number": number, "code": line.code, "quantity": line.quantity, "price": line.price, "line": place}
        for place, line in enumerate(purchase.lines, start=1)
    ]
    connection.execute(_LINE, lines)
    connection.execute(_NOTE_ORDER, {"number": number, "token": purchase.token})
    return Receipt(number)


def _take_stock(connection: Connection, lines: Sequence[Line]) -> None:
    """Take every line's quantity off the shelf; prices are read from rows that are locked by then."""
    short = set()
    for line in sorted(lines, key=lambda one: one.code):
        taken = connection.execute(_TAKE_STOCK, {"code": line.code, "quantity": line.quantity}).rowcount
        if not taken:
            short.add(line.code)
    rows = connection.execute(_STANDING, {"codes": [line.code for line in lines]}).all()
    if short:
        stock = {row.productCode: row.quantityInStock for row in rows}
        raise StockShortError({code: max(0, int(stock.get(code, 0))) for code in short})
    prices = {row.productCode: row.MSRP for row in rows}
    changed = {line.code: prices[line.code] for line in lines if prices[line.code] != line.price}
    if changed:
        raise PricesChangedError(changed)


def _next_number(connection: Connection) -> int:
    """The counter's row stays locked until the commit, so that the next one reads a maximum that includes ours.

    Another writer may still take the number; then the key of `orders` refuses ours and the checkout is tried again.
    """
    given = connection.execute(_LAST_GIVEN).scalar_one()
    used = connection.execute(_LAST_USED).scalar_one()
    number = max(int(given), int(used)) + 1
    connection.execute(_GIVE, {"number": number})
    return number


def _not_set_up(problem: DBAPIError) -> DatabaseUnavailableError:
    logger.error("A table is missing (%s): run `retail shop-tables`.", problem.orig)
    return DatabaseUnavailableError("The shop cannot take orders yet.", "Your cart stays as it is; try again later.")
