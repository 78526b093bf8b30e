"""Orders, their lines, and the payments for them, part by part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from source_database.generator import words
from source_database.generator.calendar import FIRST_ORDER_NUMBER, Calendar
from source_database.generator.catalogue import Products
from source_database.generator.columns import Floats, Ints, Mask, batch, chosen, days, moments, money
from source_database.generator.people import Customers
from source_database.generator.plan import Plan
from source_database.generator.tastes import Tastes

ORDERS_IN_A_PART = 40_000
LOYALTY = 0.3  # share of lines that are one of the customer's favourites
NEVER = np.iinfo(np.int64).max // 4  # a day that does not come

# Statuses of classicmodels. A return is Disputed while open and Resolved when settled; quantities stay positive.
STATUSES = ["Shipped", "In Process", "On Hold", "Cancelled", "Disputed", "Resolved"]
SHIPPED, IN_PROCESS, ON_HOLD, CANCELLED, DISPUTED, RESOLVED = range(6)


@dataclass(frozen=True)
class Market:
    """Everything that sales depend on."""

    plan: Plan
    products: Products
    customers: Customers
    tastes: Tastes
    calendar: Calendar


@dataclass(frozen=True)
class Orders:
    """One part of the orders: index of the first, then per order its customer (index), day, status, second of the day,
    day shipped (NEVER when it was not) and lines."""

    first: int
    customer: Ints
    day: Ints
    status: Ints
    second: Ints
    shipped: Ints
    size: Ints

    @property
    def number(self) -> Ints:
        return FIRST_ORDER_NUMBER + self.first + np.arange(len(self.day))


@dataclass(frozen=True)
class Lines:
    """Lines of a part, sorted by order and product: `order` is the position in the part, `product` an index."""

    order: Ints
    product: Ints
    position: Ints
    quantity: Ints
    cents: Ints


def parts(market: Market) -> range:
    return range(-(-len(market.calendar.day) // ORDERS_IN_A_PART))


def draw_orders(market: Market, part: int) -> Orders:
    plan, customers = market.plan, market.customers
    chance = plan.chance("orders", part)
    first = part * ORDERS_IN_A_PART
    day = market.calendar.day[first : first + ORDERS_IN_A_PART]
    count = len(day)
    joined = np.searchsorted(customers.joined, day, side="right")
    drawn = chance.random(count) * customers.reach[joined - 1]
    customer = np.searchsorted(customers.reach, drawn, side="right")
    second = np.clip(chance.normal(52_000, 11_000, count), 0, 86_399).astype(np.int64)
    delay = 1 + chance.poisson(2.5, count) + np.where(chance.random(count) < 0.03, chance.integers(5, 15, count), 0)
    status, shipped = _fates(chance, day, delay, plan.days - 1)
    return Orders(first, customer, day, status, second, shipped, market.calendar.size[first : first + count])


def _fates(chance: np.random.Generator, day: Ints, delay: Ints, today: int) -> tuple[Ints, Ints]:
    """What became of orders until the last day: (status, day shipped)."""
    lot = chance.random(len(day))
    shipped = day + delay
    status = np.select(
        [lot < 0.025, lot < 0.033, lot < 0.045, (lot < 0.06) & (today - day < 60)],
        [CANCELLED, DISPUTED, RESOLVED, ON_HOLD],
        SHIPPED,
    )
    before_leaving = (shipped > today) & np.isin(status, [SHIPPED, DISPUTED, RESOLVED])
    status = np.where(before_leaving, IN_PROCESS, status)
    recalled = (status == CANCELLED) & (chance.random(len(day)) < 0.2) & (shipped <= today)
    left = np.isin(status, [SHIPPED, DISPUTED, RESOLVED]) | recalled
    return status, np.where(left, shipped, NEVER)


def order_table(market: Market, orders: Orders, part: int) -> pa.RecordBatch:
    plan = market.plan
    chance = plan.chance("remarks", part)
    unshipped = orders.shipped == NEVER
    count = len(orders.day)
    return batch(
        "orders",
        orderNumber=orders.number,
        orderDate=days(plan.first_day, orders.day),
        requiredDate=days(plan.first_day, orders.day + 7 + chance.integers(0, 6, count)),
        shippedDate=days(plan.first_day, np.where(unshipped, 0, orders.shipped), absent=unshipped),
        status=chosen(STATUSES, orders.status),
        comments=_comments(chance, orders.status),
        customerNumber=market.customers.number[orders.customer],
        updatedAt=_updated(plan, orders),
    )


def _updated(plan: Plan, orders: Orders) -> pa.Array:
    """An order was last touched when it left, or when it came in."""
    day = np.where(orders.shipped == NEVER, orders.day, orders.shipped)
    return moments(plan.first_day, day, orders.second * 1_000_000 + orders.number % 1_000_000)


def _comments(chance: np.random.Generator, status: Ints) -> pa.Array:
    reasons = {
        CANCELLED: words.CANCELLATIONS,
        DISPUTED: words.DISPUTES,
        RESOLVED: words.SETTLEMENTS,
        ON_HOLD: words.HOLDS,
    }
    texts = list(words.REMARKS)
    which = chance.integers(0, len(words.REMARKS), len(status))
    absent = chance.random(len(status)) < 0.75
    for reason, choices in reasons.items():
        affected = status == reason
        which[affected] = len(texts) + which[affected] % len(choices)
        absent &= ~affected
        texts += choices
    return chosen(texts, which, absent=absent)


def draw_lines(market: Market, orders: Orders, part: int) -> Lines:
    """Lines of a part: baskets of one or two tastes, mixed with favourites; no product twice in an order."""
    chance = market.plan.chance("lines", part)
    order = np.repeat(np.arange(len(orders.size)), orders.size)
    starts = np.cumsum(orders.size) - orders.size
    product = _baskets(market, orders, order, chance)
    position = np.arange(len(order)) - starts[order] + 1
    sequence = np.lexsort((product, order))
    product = product[sequence]
    customer = orders.customer[order]
    quantity = np.clip(np.exp(chance.normal(3.4, 0.4, len(order))), 1, 150).astype(np.int64)
    haggled = np.clip(market.customers.thrift[customer] + chance.uniform(0, 0.06, len(order)), 0, 0.2)
    cents = np.maximum(np.rint(market.products.price[product] * (1 - haggled)), 1).astype(np.int64)
    return Lines(order, product, position[sequence], quantity, cents)


def _baskets(market: Market, orders: Orders, order: Ints, chance: np.random.Generator) -> Ints:
    tastes, count = market.tastes, len(market.products.price)
    when = orders.day / max(market.plan.days - 1, 1)
    month = market.calendar.month_of[orders.day]
    moods = np.stack([tastes.taste_of(orders.customer, when, chance) for _ in range(2)])
    product = np.full(len(order), -1)
    repeated: Mask = np.ones(len(order), dtype=bool)
    for attempt in range(12):
        again = np.flatnonzero(repeated)
        if not len(again):
            return product
        of = order[again]
        if attempt < 6:
            mood = moods[(chance.random(len(again)) < 0.25).astype(np.int64), of]
            drawn = tastes.product_of(mood, month[of], chance)
            favourite = tastes.favourite_of(orders.customer[of], when[of], chance)
            launched = market.products.appeal[month[of], favourite] > 0
            drawn = np.where((chance.random(len(again)) < LOYALTY) & launched, favourite, drawn)
        else:
            drawn = chance.integers(0, count, len(again))
        product[again] = drawn
        repeated = _repeats(order, product, count)
    return _spread(order, product, count)


def _repeats(order: Ints, product: Ints, count: int) -> Mask:
    """True for every line whose order has the product already."""
    _, firsts = np.unique(order * count + product, return_index=True)
    repeats = np.ones(len(order), dtype=bool)
    repeats[firsts] = False
    return repeats


def _spread(order: Ints, product: Ints, count: int) -> Ints:
    """Move what is still repeated to the next free product: always ends, as no order has as many lines as there are
    products."""
    while (repeats := _repeats(order, product, count)).any():
        product[repeats] = (product[repeats] + 1) % count
    return product


def line_table(market: Market, orders: Orders, lines: Lines) -> pa.RecordBatch:
    day, second = orders.day[lines.order], orders.second[lines.order]
    return batch(
        "orderdetails",
        orderNumber=orders.number[lines.order],
        productCode=chosen(market.products.code, lines.product),
        quantityOrdered=lines.quantity,
        priceEach=money(lines.cents),
        orderLineNumber=lines.position,
        updatedAt=moments(market.plan.first_day, day, second * 1_000_000 + lines.position),
    )


def payment_table(market: Market, orders: Orders, lines: Lines, part: int) -> pa.RecordBatch:
    """One cheque for each order that arrived, two to forty days after it left; some have not paid yet."""
    plan, chance = market.plan, market.plan.chance("payments", part)
    cents = np.bincount(lines.order, weights=lines.quantity * lines.cents, minlength=len(orders.day))
    day = orders.shipped + chance.integers(2, 41, len(orders.day))
    paid = (day < plan.days) & np.isin(orders.status, [SHIPPED, RESOLVED]) & (chance.random(len(day)) < 0.96)
    which = np.flatnonzero(paid)
    letters = [a + b for a in "ABDEGHJKLMNP" for b in "ABCDEFGHIMNO"]
    bank = chosen(letters, chance.integers(0, len(letters), len(which)))
    return batch(
        "payments",
        customerNumber=market.customers.number[orders.customer[which]],
        checkNumber=pc.binary_join_element_wise(bank, pa.array(orders.number[which]).cast(pa.string()), ""),
        paymentDate=days(plan.first_day, day[which]),
        amount=money(np.rint(cents[which]).astype(np.int64)),
        updatedAt=moments(plan.first_day, day[which], orders.second[which] * 1_000_000),
    )


def when_of(market: Market, orders: Orders, lines: Lines) -> Floats:
    """0 on the first day, 1 on the last, for each line."""
    return np.asarray(orders.day[lines.order] / max(market.plan.days - 1, 1))
