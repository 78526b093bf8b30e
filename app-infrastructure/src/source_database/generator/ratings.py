"""Ratings of things bought: which (customer, product) pairs are rated is a hash of the pair, so each is rated once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from source_database.generator.columns import Ints, batch, chosen, moments
from source_database.generator.sales import NEVER, Lines, Market, Orders, when_of

RATED = 0.3  # share of the pairs
ROWS_IN_A_BATCH = 250_000


@dataclass
class Ratings:
    """Collects candidates part by part (about 20 bytes for each rated line) and keeps the first of each pair."""

    market: Market
    pairs: list[Ints] = field(default_factory=list)
    stars: list[Ints] = field(default_factory=list)
    seconds: list[Ints] = field(default_factory=list)

    def collect(self, orders: Orders, lines: Lines, part: int) -> None:
        chance = self.market.plan.chance("ratings", part)
        customer = orders.customer[lines.order]
        pair = customer * len(self.market.products.price) + lines.product
        delay = chance.integers(1, 21, len(pair))
        arrived = orders.shipped[lines.order]
        known = arrived < NEVER
        day = np.where(known, arrived, 0) + delay
        rated = (_lot(pair) < RATED) & known & (day < self.market.plan.days)
        when = when_of(self.market, orders, lines)[rated]
        self.pairs.append(pair[rated])
        self.stars.append(self.market.tastes.stars(customer[rated], lines.product[rated], when, chance).astype(np.int8))
        self.seconds.append(day[rated] * 86_400 + orders.second[lines.order][rated])

    def tables(self) -> Iterator[pa.RecordBatch]:
        """All ratings, sorted by customer and product."""
        pairs, firsts = np.unique(np.concatenate(self.pairs), return_index=True)
        stars, seconds = np.concatenate(self.stars)[firsts], np.concatenate(self.seconds)[firsts]
        count = len(self.market.products.price)
        for start in range(0, len(pairs), ROWS_IN_A_BATCH):
            some = slice(start, start + ROWS_IN_A_BATCH)
            day, second = seconds[some] // 86_400, seconds[some] % 86_400
            rated_at = moments(self.market.plan.first_day, day, second * 1_000_000)
            yield batch(
                "ratings",
                customerNumber=self.market.customers.number[pairs[some] // count],
                productCode=chosen(self.market.products.code, pairs[some] % count),
                productRating=stars[some],
                ratedAt=rated_at,
                updatedAt=rated_at,
            )


def _lot(pair: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """A number in [0, 1) for each pair, always the same (the finaliser of SplitMix64)."""
    mixed = pair.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((mixed ^ (mixed >> np.uint64(31))) / np.float64(2**64))
