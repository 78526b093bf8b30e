"""A batch of shoppers as flat arrays: what each bought and just browsed, and vectors, ready for features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.fold_in import recent_items, shopper_vector
from streaming_recs.model.retrieval import normalised
from streaming_recs.model.shopper import Path, Shopper
from streaming_recs.model.version import Histories, Indices, Matrix, ModelVersion, Vector


@dataclass(frozen=True)
class Batch:
    """q shoppers. The e entries are (shopper, item) pairs, purchases first, then what was just browsed."""

    vectors: Matrix  # (q, d) normalised
    paths: tuple[Path, ...]
    signals: Matrix  # (q, s) USER_SIGNALS; zeros for a shopper who was not trained
    row: Indices  # (e,) which shopper
    item: Indices  # (e,)
    weight: Vector  # (e,) of the purchase by its rating (1 without one), of the interaction for a browsed item
    times: Vector  # (e,) baskets that held the item; 0 for an item only browsed
    first_age: Vector  # (e,) days
    last_age: Vector  # (e,)
    quantity: Vector  # (e,) mean log(1 + quantity)

    @property
    def size(self) -> int:
        return len(self.vectors)


def batch(model: ModelVersion, shoppers: Sequence[Shopper]) -> Batch:
    """Looks up every shopper's vector, history and signals."""
    recent = [recent_items(model, shopper.recent) for shopper in shoppers]
    found = [shopper_vector(model, *what) for what in zip(shoppers, recent, strict=True)]
    vectors = np.array([vector for vector, _ in found], dtype=np.float32).reshape(len(found), model.dimensions)
    users = np.array([_user(model, shopper) for shopper in shoppers], dtype=np.int64)
    signals = np.zeros((len(shoppers), model.user_signals.shape[1]), dtype=np.float32)
    signals[users >= 0] = model.user_signals[users[users >= 0]]
    bought_row, bought = _purchases(model.histories, users)
    browsed_row = np.repeat(np.arange(len(shoppers)), [len(items) for items, _ in recent])
    order = np.argsort(np.concatenate([bought_row, browsed_row]), kind="stable")
    history, zeros = model.histories, np.zeros(len(browsed_row), dtype=np.float32)

    def entries(purchased: NDArray[Any], browsed: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.concatenate([purchased, browsed])[order])

    return Batch(
        normalised(model, vectors), tuple(path for _, path in found), signals,
        row=entries(bought_row, browsed_row),
        item=entries(history.item[bought], _joined([items for items, _ in recent], np.int64)).astype(np.int64),
        weight=entries(history.weight[bought], _joined([weights for _, weights in recent], np.float32)),
        times=entries(history.times[bought], zeros), first_age=entries(history.first_age[bought], zeros),
        last_age=entries(history.last_age[bought], zeros), quantity=entries(history.quantity[bought], zeros),
    )  # fmt: skip


def _user(model: ModelVersion, shopper: Shopper) -> int:
    """-1 for a shopper who was not trained."""
    user = None if shopper.customer_number is None else model.user_index(shopper.customer_number)
    return -1 if user is None else user


def _purchases(histories: Histories, users: Indices) -> tuple[Indices, Indices]:
    """(row of the user, row of the histories) of all purchases of the users, in order."""
    first = np.where(users >= 0, histories.starts[users], 0)
    count = np.where(users >= 0, histories.starts[users + 1], 0) - first
    row = np.repeat(np.arange(len(users)), count)
    before = np.cumsum(count) - count
    return row, np.arange(len(row)) - before[row] + first[row]


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype=kind), *parts])
