"""Why an item is recommended, as a sentence for the shopper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.histories import Batch
from streaming_recs.model.version import Indices, Matrix, ModelVersion

_SENTENCES = {
    "trained_user": "Matches what you usually buy",
    "fold_in": "Matches what you looked at",
    "location_prior": "Popular with customers near you",
    "popular": "Popular right now",
}


def reasons(model: ModelVersion, known: Batch, row: int, items: Indices) -> list[str]:
    """One sentence for each item: the entry of the shopper's history that draws it most, else the path.

    A browsed item goes before a bought one, for the shopper still has it in mind.
    """
    mine = slice(*np.searchsorted(known.row, [row, row + 1]))
    sources, times = known.item[mine], known.times[mine]
    said = [_SENTENCES[known.paths[row]]] * len(items)
    if len(sources) == 0 or len(items) == 0:
        return said
    weight = known.weight[mine] * np.where(times > 0, 1.0, 10.0)
    strength = model.neighbours.weight[sources] * weight[:, None]
    drawn_by = strongest(model.neighbours.item[sources], strength, items, len(model.items))
    bought = {item: int(count) for item, count in zip(sources.tolist(), times.tolist(), strict=True) if count > 0}
    for position, (item, best) in enumerate(zip(items.tolist(), drawn_by.tolist(), strict=True)):
        if item in bought:
            said[position] = "You bought this before" if bought[item] == 1 else f"You bought this {bought[item]} times"
        elif best >= 0:
            verb = "bought" if times[best] > 0 else "looked at"
            said[position] = f"Goes with {model.items[sources[best]]}, which you {verb}"
    return said


def strongest(near: NDArray[np.int32], strength: Matrix, items: Indices, catalogue: int) -> Indices:
    """(i,) which row of `near` (s, k) draws each item most by its `strength` (s, k), the first of equals; -1: none.

    catalogue: n, of which `near` and `items` are positions; -1 pads `near`.
    """
    place = np.full(catalogue + 1, -1, dtype=np.int64)  # the last one is what a padding finds
    place[items] = np.arange(len(items))
    placed = place[near]
    source, column = np.nonzero((placed >= 0) & (strength > 0))
    position, pull = placed[source, column], strength[source, column]
    best = np.full(len(items), -1, dtype=np.int64)
    rising = np.lexsort((-source, pull))
    best[position[rising]] = source[rising]  # the last one written stays
    return best
