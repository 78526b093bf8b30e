"""Orders of the shop, placed as its visitors do. They reach the lake through the API, and with the night's extract.

The shop dates an order with the day on which it is placed: a simulated week's orders are all of today.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from batch_etl.simulation.lake import Lake
from batch_etl.simulation.plan import Plan
from batch_etl.simulation.shop import OrderRefused, Shop, Visitor
from batch_etl.simulation.source import Figures, Sent

_ORDERS_A_VISIT, _CLICKED_TWICE = 5, 10
_LEAST_STOCK = 50
_SILVER = """
SELECT COUNT(DISTINCT transaction_id) AS orders, SUM(quantity) AS units, SUM(amount) AS amount
FROM {silver}.transaction_items WHERE store_id = '{store}' AND ({ours})
"""
_GOLD = """
WITH items AS (
  SELECT *, CAST(ts AS date) AS day, COALESCE({ours}, FALSE) AS is_ours
  FROM {silver}.transaction_items WHERE store_id = '{store}' AND status IS DISTINCT FROM 'Cancelled'
),
days AS (SELECT DISTINCT day FROM items WHERE is_ours)
SELECT m.orders - o.orders AS orders, m.units - o.units AS units, m.amount - o.amount AS amount
FROM (
  SELECT COALESCE(SUM(total_transactions), 0) AS orders, COALESCE(SUM(total_units), 0) AS units,
    COALESCE(SUM(total_sales), 0) AS amount
  FROM {gold}.store_daily_sales WHERE store_id = '{store}' AND date IN (SELECT day FROM days)
) AS m
CROSS JOIN (
  SELECT COUNT(DISTINCT transaction_id) AS orders, COALESCE(SUM(quantity), 0) AS units,
    COALESCE(SUM(amount), 0) AS amount
  FROM items WHERE NOT is_ours AND day IN (SELECT day FROM days)
) AS o
"""
_STAR = """
SELECT COUNT(DISTINCT orderNumber) AS orders, SUM(quantityOrdered) AS units, SUM(orderAmount) AS amount
FROM {gold}.fact_orders WHERE {ours}
"""


class Orders:
    """`store`: what silver calls the shop; `refused`: orders that the shop did not take, and which so were not sent."""

    name = "shop orders"
    marts: tuple[str, ...] = ("orders", "units", "amount")

    def __init__(self, plan: Plan, lake: Lake, shop: Shop, store: str) -> None:
        self.plan, self.lake, self.shop, self.store = plan, lake, shop, store
        self.goods = [one for one in shop.goods if one.stock >= _LEAST_STOCK]
        self.sent = Sent("orders")
        self.numbers: list[int] = []
        self.refused = 0
        self.look_at = (
            f"the log of {lake.project}-api-fetch, and the runs of {lake.project}-bronze-to-silver and "
            f"{lake.project}-silver-to-gold"
        )

    def drive(self, day: int) -> None:
        chance = self.plan.chance(self.name, day)
        left = self.plan.orders
        while left > 0:
            with self.shop.visit() as visitor:
                visitor.sign_in(chance.choice(self.shop.customers))
                for _ in range(min(left, _ORDERS_A_VISIT)):
                    self._order(visitor, chance)
                    left -= 1

    def _order(self, visitor: Visitor, chance: random.Random) -> None:
        cart = {one.code: chance.randint(1, 4) for one in chance.sample(self.goods, min(3, chance.randint(1, 3)))}
        visitor.look_at(next(iter(cart)))
        for code, quantity in cart.items():
            visitor.put_into_cart(code, quantity)
        forms = 2 if chance.randrange(_CLICKED_TWICE) == 0 else 1
        try:
            number, total = visitor.check_out(forms=forms)
        except OrderRefused:
            self.refused += 1
            visitor.empty_cart(cart)
            return
        self.numbers.append(number)
        self.sent.add(orders=1, units=sum(cart.values()), amount=total, repeated=forms - 1)

    @property
    def _ours(self) -> str:
        return among("TRY_CAST(transaction_id AS bigint)", self.numbers)

    def silver(self) -> Figures:
        return self.lake.figures(_SILVER, store=self.store, ours=self._ours)

    def gold(self) -> Figures:
        return self.lake.figures(_GOLD, store=self.store, ours=self._ours)

    def star(self) -> Figures:
        """The same orders as retail-etl-job has published them."""
        return self.lake.figures(_STAR, ours=among("orderNumber", self.numbers))

    def quarantined(self) -> int:
        """The shop's own API sends no bad ones."""
        return 0


def among(column: str, numbers: Iterable[int]) -> str:
    """A condition that holds for these numbers, short where they follow one another."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return " OR ".join(f"{column} BETWEEN {first} AND {last}" for first, last in ranges) or "FALSE"
