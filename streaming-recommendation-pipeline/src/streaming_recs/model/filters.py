"""Which items may be shown to a shopper, and what each filter took away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.shopper import Shopper, Wanted
from streaming_recs.model.version import Indices, ModelVersion

Mask = NDArray[np.bool_]


def bought(model: ModelVersion, shopper: Shopper) -> Indices:
    """Positions of the items that the shopper had bought when the model was trained."""
    user = None if shopper.customer_number is None else model.user_index(shopper.customer_number)
    if user is None:
        return np.empty(0, dtype=np.int64)
    history = model.histories
    return history.item[history.starts[user] : history.starts[user + 1]].astype(np.int64)


def positions(model: ModelVersion, product_codes: Iterable[str]) -> Indices:
    """Positions of the products that the model knows; the others are left out."""
    known = (model.index(code) for code in product_codes)
    return np.array([index for index in known if index is not None], dtype=np.int64)


def allowed(model: ModelVersion, shopper: Shopper, wanted: Wanted) -> tuple[Mask, dict[str, int]]:
    """The items that may be shown, (n,), and how many each filter removed, in the order the filters apply."""
    mask = np.ones(len(model.items), dtype=np.bool_)
    removed: dict[str, int] = {}
    for name, refused in _refusals(model, shopper, wanted):
        count = int(np.count_nonzero(mask & refused))
        if count:
            removed[name] = count
        mask &= ~refused
    return mask, removed


def _refusals(model: ModelVersion, shopper: Shopper, wanted: Wanted) -> Iterator[tuple[str, Mask]]:
    attributes = model.attributes
    if wanted.product_lines is not None:
        yield "category", ~np.isin(attributes.product_line, sorted(wanted.product_lines))
    if wanted.in_stock_only:
        yield "out of stock", ~attributes.in_stock
    # A price that is unknown cannot be shown to be in the range.
    if wanted.min_price is not None:
        yield "price below range", ~(attributes.price >= wanted.min_price)
    if wanted.max_price is not None:
        yield "price above range", ~(attributes.price <= wanted.max_price)
    if wanted.exclude:
        yield "excluded", _marked(model, positions(model, wanted.exclude))
    if not wanted.in_cart:
        yield "in cart", _marked(model, positions(model, (i.product_code for i in shopper.recent if i.in_cart)))
    if not wanted.browsed:
        yield "just browsed", _marked(model, positions(model, (i.product_code for i in shopper.recent)))
    if not wanted.bought:
        yield "already bought", _marked(model, bought(model, shopper))


def shortfall(k: int, found: int, items: int, removed: dict[str, int]) -> str | None:
    """Why there are fewer than k items: a sentence that names the filters; None when there are k."""
    if found >= k:
        return None
    causes = ", ".join(f"{name} {count}" for name, count in removed.items()) or "none"
    return (
        f"{found} of {k} items: the catalogue has {items}, and filters removed: {causes}. Relax a filter to see more."
    )


def _marked(model: ModelVersion, which: Indices) -> Mask:
    mask = np.zeros(len(model.items), dtype=np.bool_)
    mask[which] = True
    return mask
