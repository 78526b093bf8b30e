"""Why an item is recommended, as a sentence for the shopper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.histories import Batch
from streaming_recs.model.version import Indices, ModelVersion

_SENTENCES = {
    "trained_user": "Matches what you usually buy",
    "fold_in": "Matches what you looked at",
    "location_prior": "Popular with customers near you",
    "popular": "Popular right now",
}
_BROWSED = 10.0  # a browsed item goes before a bought one, for the shopper still has it in mind


def reasons(model: ModelVersion, known: Batch, lists: Sequence[Indices]) -> Iterator[list[str]]:
    """For each shopper of the batch one sentence for each item of the list: the entry of the shopper's history that
    draws it most, else the path."""
    shown, place = _placed(lists, len(model.items))
    best = strongest(model, known, shown, place)
    source = np.where(best >= 0, _of_entry(model.items[known.item], best), "")
    browsed = _of_entry(known.times == 0, best)
    columns = (_times_bought(known, shown, place).tolist(), source.tolist(), browsed.tolist())
    for path, items, *row in zip(known.paths, lists, *columns, strict=True):
        yield [_sentence(path, *why) for why in zip(*(column[: len(items)] for column in row), strict=True)]


def _sentence(path: str, times: int, source: str, browsed: bool) -> str:
    if times:
        return "You bought this before" if times == 1 else f"You bought this {times} times"
    if source:
        return f"Goes with {source}, which you {'looked at' if browsed else 'bought'}"
    return _SENTENCES[path]


def _of_entry(values: NDArray[Any], best: Indices) -> NDArray[Any]:
    """The value of each best entry; whatever where there is none."""
    return values[best] if len(values) else np.zeros(best.shape, dtype=values.dtype)


def _placed(lists: Sequence[Indices], items: int) -> tuple[Indices, NDArray[np.int16]]:
    """The lists as (q, k), padded with -1, and (q, n) the place of each item in them, -1 where it is not shown."""
    shown = np.full((len(lists), max(map(len, lists), default=0)), -1, dtype=np.int64)
    for row, one in enumerate(lists):
        shown[row, : len(one)] = one
    place = np.full((len(lists), items), -1, dtype=np.int16)
    filled = np.nonzero(shown >= 0)
    place[filled[0], shown[filled]] = filled[1]
    return shown, place


def _times_bought(known: Batch, shown: Indices, place: NDArray[np.int16]) -> Indices:
    """(q, k) how often the shopper had bought each item shown."""
    times = np.zeros(shown.shape, dtype=np.int64)
    column = place[known.row, known.item]
    bought = np.flatnonzero((column >= 0) & (known.times > 0))
    times[known.row[bought], column[bought]] = known.times[bought]
    return times


def strongest(model: ModelVersion, known: Batch, shown: Indices, place: NDArray[np.int16]) -> Indices:
    """(q, k) which entry of the batch draws each item shown most, the first of equals; -1: none."""
    near, strength = model.neighbours.column[known.item], model.neighbours.weight[known.item]
    near += (known.row * place.shape[1])[:, None]  # now a cell of `place`
    column = place.take(near, mode="clip").ravel()
    found = np.flatnonzero(column >= 0)
    entry = found // near.shape[1]
    weight = known.weight * np.where(known.times > 0, 1.0, _BROWSED).astype(np.float32)
    pull = strength.ravel()[found] * weight[entry]
    cell = known.row[entry] * shown.shape[1] + column[found]
    most = np.zeros(shown.size, dtype=np.float32)
    np.maximum.at(most, cell, pull)
    first = np.flatnonzero((pull > 0) & (pull == most[cell]))[::-1]
    best = np.full(shown.size, -1, dtype=np.int64)
    best[cell[first]] = entry[first]  # the last one written stays
    return best.reshape(shown.shape)
