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
    mine = np.flatnonzero(known.row == row)
    sources, bought = known.item[mine], known.times[mine] > 0
    said = [_SENTENCES[known.paths[row]]] * len(items)
    if len(mine) == 0:
        return said
    near, weight = model.neighbours.item[sources], model.neighbours.weight[sources]
    strength = weight * known.weight[mine, None] * np.where(bought, 1.0, 10.0)[:, None]
    for position, item in enumerate(items.tolist()):
        own = np.flatnonzero((sources == item) & bought)
        if len(own):
            times = int(known.times[mine[own[0]]])
            said[position] = "You bought this before" if times == 1 else f"You bought this {times} times"
            continue
        pulls = np.where(near == item, strength, 0).max(axis=1)
        best = int(np.argmax(pulls))
        if pulls[best] > 0:
            verb = "bought" if bought[best] else "looked at"
            said[position] = f"Goes with {model.items[sources[best]]}, which you {verb}"
    return said
