"""Who bought what, when and how many: the one input of training and evaluation, as coded columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Interactions:
    """r rows in time's order. Codes are positions in `users` and `items`, which are sorted and all occur."""

    users: NDArray[np.int64]  # (m,)
    items: NDArray[np.str_]  # (n,)
    user: NDArray[np.int64]  # (r,)
    item: NDArray[np.int64]  # (r,)
    day: NDArray[np.float64]  # (r,) days since 1970, UTC
    quantity: NDArray[np.float64]  # (r,)
    weight: NDArray[np.float64]  # (r,) what it says of taste: 1 as a rule, 0 for what was bought and is not wanted

    def __len__(self) -> int:
        return len(self.user)

    @classmethod
    def of(
        cls,
        users: NDArray[Any],
        items: NDArray[Any],
        day: NDArray[Any],
        quantity: NDArray[Any],
        weight: NDArray[Any] | None = None,
    ) -> Interactions:
        """From plain columns (r,) each: customer number, product code, days since 1970, quantity, weight (or all 1)."""
        order = np.argsort(day, kind="stable")
        user_labels, user = np.unique(np.asarray(users, dtype=np.int64)[order], return_inverse=True)
        item_labels, item = np.unique(np.asarray(items, dtype=np.str_)[order], return_inverse=True)
        numbers = (day, quantity, np.ones(len(order)) if weight is None else weight)
        return cls(
            user_labels, item_labels, user, item, *(np.asarray(each, dtype=np.float64)[order] for each in numbers)
        )

    def where(self, keep: NDArray[np.bool_]) -> Interactions:
        """The kept rows with the users and items that occur in them."""
        users, user = np.unique(self.user[keep], return_inverse=True)
        items, item = np.unique(self.item[keep], return_inverse=True)
        return Interactions(
            self.users[users], self.items[items], user, item, self.day[keep], self.quantity[keep], self.weight[keep]
        )

    def between(self, start: float, end: float) -> Interactions:
        """Rows with start < day <= end."""
        return self.where((self.day > start) & (self.day <= end))

    def matrix(self) -> csr_matrix:
        """X (m, n): 1 where the user interacted with the item."""
        shape = (len(self.users), len(self.items))
        matrix = csr_matrix((np.ones(len(self), dtype=np.float32), (self.user, self.item)), shape=shape)
        matrix.data[:] = 1
        return matrix


def coded(labels: NDArray[Any], values: NDArray[Any]) -> NDArray[np.int64]:
    """Positions of the values in the sorted labels, -1 for those that do not occur."""
    if len(labels) == 0:
        return np.full(len(values), -1, dtype=np.int64)
    position = np.minimum(np.searchsorted(labels, values), len(labels) - 1)
    return np.where(labels[position] == values, position, -1)
