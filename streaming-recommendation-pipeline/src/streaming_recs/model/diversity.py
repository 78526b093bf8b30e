"""Maximal marginal relevance: an item pays for resembling those above it (Carbonell & Goldstein 1998)."""

from __future__ import annotations

import numpy as np

from streaming_recs.model.version import Indices, Matrix, Vector


def diversify(scores: Vector, vectors: Matrix, k: int, *, strength: float) -> Indices:
    """Order of k of the c candidates. scores: (c,) the better the higher; vectors: (c, d); strength in [0, 1].

    With strength 0 it is the order of the scores. Scores are brought to [0, 1], resemblance is the cosine's positive
    part, so that strength means the same for every model.
    """
    count = min(k, len(scores))
    if strength <= 0 or count <= 1:
        return np.argsort(-scores, kind="stable")[:count]
    relevance = (scores - scores.min()) / max(float(np.ptp(scores)), 1e-12)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    resemblance = np.zeros(len(scores))
    chosen: list[int] = []
    for _ in range(count):
        value = (1 - strength) * relevance - strength * resemblance
        value[chosen] = -np.inf
        best = int(np.argmax(value))
        chosen.append(best)
        resemblance = np.maximum(resemblance, unit @ unit[best])
    return np.array(chosen, dtype=np.int64)
