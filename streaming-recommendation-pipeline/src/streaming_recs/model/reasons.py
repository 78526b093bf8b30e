"""Why an item is recommended, as a sentence for the shopper."""

from __future__ import annotations

import numpy as np

from streaming_recs.model.histories import Batch
from streaming_recs.model.version import Indices, ModelVersion

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
    near, weight = model.neighbours.item[sources], model.neighbours.weight[sources]
    strength = weight * (known.weight[mine] * np.where(times > 0, 1.0, 10.0))[:, None]
    pulls = np.where(near[:, :, None] == items, strength[:, :, None], 0).max(axis=1)  # (sources, items)
    strongest = pulls.argmax(axis=0)
    bought = {int(item): int(count) for item, count in zip(sources, times, strict=True) if count > 0}
    for position, (item, best) in enumerate(zip(items.tolist(), strongest.tolist(), strict=True)):
        if item in bought:
            said[position] = "You bought this before" if bought[item] == 1 else f"You bought this {bought[item]} times"
        elif pulls[best, position] > 0:
            verb = "bought" if times[best] > 0 else "looked at"
            said[position] = f"Goes with {model.items[sources[best]]}, which you {verb}"
    return said
