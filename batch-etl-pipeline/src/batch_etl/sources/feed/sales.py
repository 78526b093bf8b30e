"""The transactions of five minutes, drawn from a seed: the same event gives the same ones, ids and all.

Demand follows the weekday and the hour (UTC); products and customers are bought unevenly, as in shops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import numpy as np

from batch_etl.sources.feed.catalogue import Product

PERIOD = timedelta(minutes=5)
_BY_WEEKDAY = np.array([0.9, 0.88, 0.92, 0.98, 1.12, 1.2, 1.0])  # from Monday
_BY_HOUR = np.array(
    [0.25, 0.15, 0.1, 0.08, 0.1, 0.2, 0.45, 0.7, 0.9, 1.1, 1.3, 1.45, 1.5, 1.4, 1.25, 1.2, 1.25, 1.4, 1.6, 1.75, 1.7,
     1.35, 0.9, 0.5]
)  # fmt: skip
_DISCOUNTS = [Decimal("1"), Decimal("0.95"), Decimal("0.9"), Decimal("0.8")]
_DISCOUNT_ODDS = [0.82, 0.08, 0.07, 0.03]
_CENT = Decimal("0.01")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Moment:
    """One scheduled event: its id, and the end of the five minutes that it is for (UTC)."""

    id: str
    time: datetime


@dataclass(frozen=True)
class Sales:
    """`mean`: transactions in five minutes of an average hour; `customers` who may buy."""

    seed: int = 7
    mean: int = 40
    customers: int = 500

    def draw(self, moment: Moment, products: Sequence[Product], count: int | None = None) -> list[dict[str, Any]]:
        """At least one transaction, oldest first, or `count` exactly. Money is text."""
        chance = np.random.default_rng(list(self._digest(f"{moment.id}/{moment.time.isoformat()}")))
        many = count or max(1, int(chance.poisson(self.mean * demand(moment.time))))
        when = np.sort(chance.integers(0, PERIOD // timedelta(milliseconds=1), many))
        product = chance.choice(len(products), many, p=self._popularity(products))
        customer = 1 + chance.choice(self.customers, many, p=_shares(np.arange(self.customers), 20.0))
        quantity = np.minimum(chance.geometric(0.55, many), 12)
        discount = chance.choice(len(_DISCOUNTS), many, p=_DISCOUNT_ODDS)
        transactions = []
        for n in range(many):
            moment_of_it = moment.time - PERIOD + timedelta(milliseconds=int(when[n]))
            transactions.append(
                {
                    "transaction_id": ulid(moment_of_it, self._digest(f"{moment.id}/{n}")),
                    "timestamp": moment_of_it.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "customer_id": f"C{customer[n]:05d}",
                }
                | _bought(products[product[n]], int(quantity[n]), _DISCOUNTS[discount[n]])
            )
        return transactions

    def _popularity(self, products: Sequence[Product]) -> Any:
        """A share for each product: few are bought often. The same from event to event."""
        rank = np.argsort([self._digest(product.code) for product in products]).argsort()
        return _shares(rank, 4.0)

    def _digest(self, text: str) -> bytes:
        return blake2b(f"{self.seed}/{text}".encode(), digest_size=16).digest()


def demand(when: datetime) -> float:
    """How much is sold then, beside an average hour of the week."""
    return float(_BY_HOUR[when.hour] / _BY_HOUR.mean() * _BY_WEEKDAY[when.weekday()] / _BY_WEEKDAY.mean())


def _bought(product: Product, quantity: int, discount: Decimal) -> dict[str, Any]:
    price = (product.price * discount).quantize(_CENT)
    return {
        "product_id": product.code,
        "product_name": product.name,
        "category": product.category,
        "quantity": quantity,
        "price": str(price),
        "total_amount": str(price * quantity),
    }


def ulid(when: datetime, entropy: bytes) -> str:
    """26 characters that sort by time: 48 bits of milliseconds, 80 of `entropy` (ulid/spec)."""
    bits = int(when.timestamp() * 1000) << 80 | int.from_bytes(entropy[:10], "big")
    return "".join(_CROCKFORD[bits >> shift & 31] for shift in range(125, -1, -5))


def _shares(rank: Any, offset: float) -> Any:
    """What each rank from 0 on gets, after Zipf and Mandelbrot; a larger offset makes the first less special."""
    weight = 1 / (rank + offset)
    return weight / weight.sum()
