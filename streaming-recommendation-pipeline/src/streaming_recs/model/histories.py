"""A batch of shoppers as flat arrays: what each bought and just browsed, and vectors, ready for features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from streaming_recs.model.fold_in import recent_items, shopper_vector
from streaming_recs.model.retrieval import normalised
from streaming_recs.model.shopper import Path, Shopper
from streaming_recs.model.version import Histories, Indices, Matrix, ModelVersion, Vector

EMPTY = np.empty(0, dtype=np.float32)


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
    found = [shopper_vector(model, shopper) for shopper in shoppers]
    vectors = np.array([vector for vector, _ in found], dtype=np.float32).reshape(len(found), model.dimensions)
    users = [_user(model, shopper) for shopper in shoppers]
    signals = np.zeros((len(shoppers), model.user_signals.shape[1]), dtype=np.float32)
    for row, user in enumerate(users):
        if user is not None:
            signals[row] = model.user_signals[user]
    parts = [
        _entries(model, row, user, shopper) for row, (user, shopper) in enumerate(zip(users, shoppers, strict=True))
    ]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [EMPTY] * 7
    return Batch(
        normalised(model, vectors), tuple(path for _, path in found), signals,
        columns[0].astype(np.int64), columns[1].astype(np.int64), *columns[2:],
    )  # fmt: skip


def _user(model: ModelVersion, shopper: Shopper) -> int | None:
    return None if shopper.customer_number is None else model.user_index(shopper.customer_number)


def _entries(model: ModelVersion, row: int, user: int | None, shopper: Shopper) -> tuple[Vector, ...]:
    bought = _bought(model.histories, user)
    browsed, weights = recent_items(model, shopper.recent)
    zeros = np.zeros(len(browsed), dtype=np.float32)
    item = np.concatenate([bought[0], browsed])
    return (
        np.full(len(item), row), item, np.concatenate([bought[1], weights]),
        *(np.concatenate([column, zeros]) for column in bought[2:]),
    )  # fmt: skip


def _bought(histories: Histories, user: int | None) -> tuple[Vector, ...]:
    if user is None:
        return (EMPTY,) * 6
    rows = histories.rows(user)
    return (
        histories.item[rows].astype(np.float32), histories.weight[rows], histories.times[rows],
        histories.first_age[rows], histories.last_age[rows], histories.quantity[rows],
    )  # fmt: skip
