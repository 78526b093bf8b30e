"""What a recommendation is asked with and what it answers, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Path = Literal["trained_user", "fold_in", "location_prior", "popular"]


@dataclass(frozen=True)
class Interaction:
    """One recent interaction of a shopper (browsed, put into the cart), after the model was trained."""

    product_code: str
    weight: float = 1.0
    in_cart: bool = False
    age_days: float = 0.0


@dataclass(frozen=True)
class Shopper:
    """Who asks. A customer the model knows brings the trained vector and history with the number alone."""

    customer_number: int | None = None
    country: str | None = None
    city: str | None = None
    credit_limit: float | None = None
    recent: tuple[Interaction, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """Which items may be shown, and how many."""

    k: int = 20
    bought: bool = False  # show items the shopper already bought
    in_cart: bool = False  # show items that are in the cart
    browsed: bool = True  # show items the shopper looked at in this session
    product_lines: frozenset[str] | None = None
    in_stock_only: bool = True
    min_price: float | None = None
    max_price: float | None = None
    exclude: frozenset[str] = frozenset()
    diversity: float = 0.0  # 0 none … 1 strong: how much an item pays for resembling those above it


class Recommendation(NamedTuple):
    """One recommended item; the reason is a sentence for the shopper."""

    product_code: str
    score: float
    reason: str


@dataclass(frozen=True)
class Answer:
    """k items, or fewer and `shortfall`, which says why and counts what each filter removed."""

    items: tuple[Recommendation, ...]
    path: Path
    model_version: str
    shortfall: str | None = None
    removed: Mapping[str, int] = field(default_factory=dict)
