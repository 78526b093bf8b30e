"""Figures of each item and each user at a moment, and each user's history, from interactions alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from streaming_recs.model.features import DISCOVERY_DAYS, SALES_DAYS
from streaming_recs.model.version import Histories, Matrix, Vector
from streaming_recs.training.interactions import Interactions

_FLOOR = 1e-3  # decayed sales of an item that nobody buys any more


class Pairs:
    """The (user, item) pairs of interactions with their figures; rows sorted by user, then item."""

    def __init__(self, interactions: Interactions, end: float) -> None:
        age, items = end - interactions.day, len(interactions.items)
        key = interactions.user * items + interactions.item
        self.key, row = np.unique(key, return_inverse=True)
        self.user, self.item = self.key // items, self.key % items
        self.last_age = _smallest(row, age, len(self.key))
        self.first_age = -_smallest(row, -age, len(self.key))
        self.quantity = np.bincount(row, np.log1p(interactions.quantity)) / np.bincount(row)
        self.weight = np.bincount(row, interactions.weight) / np.bincount(row)
        # A basket is a user's day: several lines of one item on one day are one decision.
        days = np.floor(interactions.day).astype(np.int64)
        visit_key = row * (int(days.max()) + 1) + days
        first = np.unique(visit_key, return_index=True)[1]
        self.times = np.bincount(row[first], minlength=len(self.key))
        self.visit_item, self.visit_user = interactions.item[first], interactions.user[first]
        self.visit_age, self.visit_day = age[first], days[first]

    def matrix(self, users: int, items: int, days: float) -> csr_matrix:
        """(users, items) with weight·e^(−age/days) where the user bought the item, by the latest purchase."""
        weight = (self.weight * np.exp(-self.last_age / days)).astype(np.float32)
        return csr_matrix((weight, (self.user, self.item)), shape=(users, items))

    def histories(self, users: int) -> Histories:
        starts = np.searchsorted(self.user, np.arange(users + 1))
        columns = (self.weight, self.times, self.first_age, self.last_age, self.quantity)
        single = [column.astype(np.float32) for column in columns]
        return Histories(starts.astype(np.int64), self.item.astype(np.int32), *single)


def item_signals(pairs: Pairs, items: int) -> Matrix:
    """(n, p) by features.ITEM_SIGNALS."""
    buyers = np.bincount(pairs.item, minlength=items)
    returning = np.bincount(pairs.item[pairs.times > 1], minlength=items)
    return np.column_stack([
        *(decayed(pairs.visit_item, pairs.visit_age, days, items) for days in SALES_DAYS),
        *(decayed(pairs.item, pairs.first_age, days, items) for days in DISCOVERY_DAYS),
        buyers,
        -_smallest(pairs.item, -pairs.first_age, items),
        _smallest(pairs.item, pairs.last_age, items),
        np.bincount(pairs.item, pairs.quantity, minlength=items) / np.maximum(buyers, 1),
        returning / (buyers + 2),
    ]).astype(np.float32)  # fmt: skip


def user_signals(pairs: Pairs, users: int) -> Matrix:
    """(m, q) by features.USER_SIGNALS."""
    items = np.bincount(pairs.user, minlength=users)
    lines = np.bincount(pairs.visit_user, minlength=users)
    visits = np.unique(pairs.visit_user * (int(pairs.visit_day.max()) + 1) + pairs.visit_day)
    baskets = np.bincount(visits // (int(pairs.visit_day.max()) + 1), minlength=users)
    return np.column_stack([
        items,
        baskets,
        _smallest(pairs.user, pairs.last_age, users),
        -_smallest(pairs.user, -pairs.first_age, users),
        np.bincount(pairs.user, pairs.quantity, minlength=users) / items,
        lines / baskets,
        1 - items / lines,
        np.bincount(pairs.user[pairs.last_age < 30], minlength=users),
    ]).astype(np.float32)  # fmt: skip


def decayed(item: NDArray[np.int64], age: NDArray[np.float64], days: float, items: int) -> Vector:
    """(n,) z-score of log Σ e^(−age/days) over the rows of each item."""
    heat = np.log(_FLOOR + np.bincount(item, np.exp(-age / days), minlength=items))
    return np.asarray((heat - heat.mean()) / (heat.std() + 1e-9), dtype=np.float32)


def _smallest(row: NDArray[np.int64], value: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    result = np.full(count, np.inf)
    np.minimum.at(result, row, value)
    return result
