"""What the re-ranker knows of a candidate: how it fits the shopper, how it sells, and the shopper's own past with it.

Everything follows from arrays of the model version, so training, evaluation and serving compute the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from streaming_recs.model.histories import Batch
from streaming_recs.model.retrieval import scores
from streaming_recs.model.version import Indices, Matrix, ModelVersion, Neighbours, Vector

SALES_DAYS = (3, 7, 14, 30, 60, 120)
DISCOVERY_DAYS = (14, 45)
ITEM_SIGNALS = (
    *(f"sales_{days}d" for days in SALES_DAYS),  # z of log decayed sales
    *(f"new_buyers_{days}d" for days in DISCOVERY_DAYS),  # z of log decayed first purchases
    "buyers", "first_sold", "last_sold", "mean_quantity", "repurchase_rate",
)  # fmt: skip
USER_SIGNALS = (
    "items", "baskets", "last_visit", "first_visit", "user_quantity", "basket_size", "repeat_share", "items_30d",
)  # fmt: skip
FIT = (
    "score", "affinity", "neighbours", "neighbours_30d", "neighbours_last", "companions", "companions_last",
    "rank", "quantity_fit",
)  # fmt: skip
OWN = ("own_times", "own_last", "own_first", "own_interval", "own_share", "own_since_visit", "own_quantity", "own_due")
NAMES = (*FIT, *ITEM_SIGNALS, *USER_SIGNALS, *OWN)
NEVER = -1.0  # in OWN: the shopper never bought it

_DECAY_DAYS = 30.0
_CELLS = 100_000  # shoppers × items: of eight bytes each, the second cache holds them


def pair_features(model: ModelVersion, shoppers: Batch, row: Indices, item: Indices) -> Matrix:
    """(r, f) features by NAMES of r candidates: item[i] for shopper row[i]; rows ascend."""
    item_signals, user_signals = model.item_signals[item], shoppers.signals[row]
    fit = list(_fit(model, shoppers, row, item))
    quantity = (
        item_signals[:, ITEM_SIGNALS.index("mean_quantity")] - user_signals[:, USER_SIGNALS.index("user_quantity")]
    )
    rank = np.log1p(places(row, fit[0])).astype(np.float32)
    return np.column_stack([*fit, rank, quantity, item_signals, user_signals, _own(model, shoppers, row, item)])


def _fit(model: ModelVersion, shoppers: Batch, row: Indices, item: Indices) -> Iterator[Vector]:
    score = scores(model, shoppers.vectors)[row, item]
    yield score
    yield score - model.recency_weight * model.recency[item]
    decayed = shoppers.weight * np.exp(-shoppers.last_age / _DECAY_DAYS)
    last = shoppers.weight * last_basket(shoppers)
    yield from pulls(model.neighbours, shoppers, (shoppers.weight, decayed, last), row, item)
    yield from pulls(model.companions, shoppers, (shoppers.weight, last), row, item)


def last_basket(shoppers: Batch) -> Vector:
    """(e,) 1 for entries of the shopper's latest day (browsed now counts as today), 0 for the rest."""
    latest = np.full(shoppers.size, np.inf, dtype=np.float32)
    np.minimum.at(latest, shoppers.row, shoppers.last_age)
    return (shoppers.last_age < latest[shoppers.row] + 0.5).astype(np.float32)


def pulls(
    table: Neighbours, shoppers: Batch, weightings: Sequence[Vector], row: Indices, item: Indices
) -> list[Vector]:
    """For each of the weightings (e,): (r,) how strongly the entries of shopper row[i] draw item[i] by the table of
    neighbours. A few shoppers at a time, so that what is added up for the whole catalogue stays in the cache."""
    items = len(table.item)
    drawn: list[Vector] = [np.empty(len(row), dtype=np.float32) for _ in weightings]
    step = max(1, _CELLS // max(1, items))
    for start in range(0, shoppers.size, step):
        stop = min(start + step, shoppers.size)
        mine = slice(*np.searchsorted(shoppers.row, [start, stop]))
        asked = slice(*np.searchsorted(row, [start, stop]))
        near = shoppers.item[mine]
        cells = table.column[near] + (shoppers.row[mine, None] - start) * items
        strength = table.weight[near]
        for result, weights in zip(drawn, weightings, strict=True):
            used = weights[mine] > 0
            some = slice(None) if used.all() else used
            value = np.multiply(strength[some], weights[mine][some, None], dtype=np.float64)
            total = np.bincount(cells[some].ravel(), value.ravel(), minlength=(stop - start) * items)
            result[asked] = total[(row[asked] - start) * items + item[asked]]
    return drawn


def places(row: Indices, score: Vector) -> Indices:
    """(r,) the place of each candidate among those of its shopper by score, 0 being best; rows ascend."""
    first = np.searchsorted(row, row)
    column = np.arange(len(row)) - first
    lists = np.full((int(row[-1]) + 1, int(column.max()) + 1) if len(row) else (0, 0), -np.inf, dtype=np.float32)
    lists[row, column] = score
    place = np.empty(lists.shape, dtype=np.int64)
    np.put_along_axis(place, np.argsort(-lists, axis=1, kind="stable"), np.arange(lists.shape[1])[None, :], axis=1)
    return np.asarray(place[row, column])


def _own(model: ModelVersion, shoppers: Batch, row: Indices, item: Indices) -> Matrix:
    """(r, len(OWN)); NEVER where the shopper did not buy the item."""
    entry = np.full((shoppers.size, len(model.items)), -1, dtype=np.int32)
    purchases = np.flatnonzero(shoppers.times > 0)
    entry[shoppers.row[purchases], shoppers.item[purchases]] = purchases
    found = entry[row, item]
    own = np.full((len(row), len(OWN)), NEVER, dtype=np.float32)
    known = np.flatnonzero(found >= 0)
    at = found[known]
    times, first, last = shoppers.times[at], shoppers.first_age[at], shoppers.last_age[at]
    signals = shoppers.signals[row[known]]
    interval = np.where(times > 1, (first - last) / np.maximum(times - 1, 1), NEVER)
    own[known] = np.column_stack([
        times, last, first, interval,
        times / np.maximum(signals[:, USER_SIGNALS.index("baskets")], 1),
        last - signals[:, USER_SIGNALS.index("last_visit")],
        shoppers.quantity[at],
        np.where(times > 1, last / (np.maximum(interval, 0) + 1), NEVER),
    ])  # fmt: skip
    return own
