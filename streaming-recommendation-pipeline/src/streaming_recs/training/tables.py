"""What is known of items and customers beside their interactions, as plain columns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.version import Attributes
from streaming_recs.training.interactions import Interactions, coded


@dataclass(frozen=True)
class Items:
    """Columns (p,) of the catalogue, sorted by code; all may be empty."""

    code: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype="<U1"))
    product_line: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype="<U1"))
    price: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    in_stock: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=np.bool_))

    @classmethod
    def of(cls, code: NDArray[Any], product_line: NDArray[Any], price: NDArray[Any], in_stock: NDArray[Any]) -> Items:
        order = np.argsort(np.asarray(code, dtype=np.str_), kind="stable")
        return cls(
            np.asarray(code, dtype=np.str_)[order], np.asarray(product_line, dtype=np.str_)[order],
            np.asarray(price, dtype=np.float64)[order], np.asarray(in_stock, dtype=np.bool_)[order],
        )  # fmt: skip

    def attributes(self, items: NDArray[np.str_]) -> Attributes:
        """Aligned with the model's items; one that the catalogue lacks has no line, no price, and is in stock."""
        at = coded(self.code, items)
        known = at >= 0
        line = np.full(len(items), "", dtype=self.product_line.dtype if len(self.code) else "<U1")
        price = np.full(len(items), np.nan)
        stock = np.ones(len(items), dtype=np.bool_)
        line[known], price[known], stock[known] = (c[at[known]] for c in (self.product_line, self.price, self.in_stock))
        return Attributes(line, price, stock)


@dataclass(frozen=True)
class Customers:
    """Columns (c,) of the customers, sorted by number; all may be empty. Unknown: "" and NaN."""

    number: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    country: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype="<U1"))
    city: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype="<U1"))
    credit_limit: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(
        cls, number: NDArray[Any], country: NDArray[Any], city: NDArray[Any], credit_limit: NDArray[Any]
    ) -> Customers:
        order = np.argsort(np.asarray(number, dtype=np.int64), kind="stable")
        return cls(
            np.asarray(number, dtype=np.int64)[order], np.asarray(country, dtype=np.str_)[order],
            np.asarray(city, dtype=np.str_)[order], np.asarray(credit_limit, dtype=np.float64)[order],
        )  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """The three inputs of a training run."""

    interactions: Interactions
    items: Items = field(default_factory=Items)
    customers: Customers = field(default_factory=Customers)

    def until(self, moment: float) -> Sources:
        """As they were known then: interactions up to the moment (days since 1970)."""
        return replace(self, interactions=self.interactions.between(-np.inf, moment))
