"""The first stage: the inner product of d + 1 dimensions over the whole catalogue.

score = u·v / σ + recency_weight·recency, where σ is the spread of u·v over the items: it brings a shopper of three
items and one of three hundred to the same scale, so that one recency weight serves both. σ follows from the Gram
matrix alone; a vector index therefore searches with (u / σ, recency_weight).
"""

from __future__ import annotations

import numpy as np

from streaming_recs.model.filters import Mask
from streaming_recs.model.version import Indices, Matrix, ModelVersion, Vector


def normalised(model: ModelVersion, vectors: Matrix) -> Matrix:
    """u / σ for each row of (q, d), σ² = uᵀGu/n − (u·v̄)²; a zero vector stays zero."""
    count = len(model.items)
    mean = model.item_vectors.mean(axis=0)
    power = np.einsum("qi,ij,qj->q", vectors, model.gram, vectors, optimize=True) / count - (vectors @ mean) ** 2
    spread = np.sqrt(np.maximum(power, 0))[:, None]
    scaled: Matrix = np.divide(vectors, spread, out=np.zeros_like(vectors), where=spread > 1e-9)
    return scaled


def scores(model: ModelVersion, vectors: Matrix) -> Matrix:
    """(q, n) scores of all items for normalised vectors (q, d)."""
    return np.asarray(vectors @ model.item_vectors.T + model.recency_weight * model.recency, dtype=np.float32)


def exact(model: ModelVersion, vectors: Matrix, masks: Mask, count: int) -> Indices:
    """The best `count` items of each row among those its mask (q, n) allows, best first; -1 where there are fewer."""
    ranked = np.where(masks, scores(model, vectors), -np.inf)
    return best(ranked, count)


def best(ranked: Matrix, count: int) -> Indices:
    """Columns of the `count` largest values of each row, best first; -1 for those that are −∞."""
    count = min(count, ranked.shape[1])
    top = np.argpartition(-ranked, count - 1, axis=1)[:, :count]
    values = np.take_along_axis(ranked, top, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    top, values = np.take_along_axis(top, order, axis=1), np.take_along_axis(values, order, axis=1)
    return np.where(np.isfinite(values), top, -1)


def augmented(model: ModelVersion) -> Matrix:
    """(n, d + 2) item rows for a cosine index: v, recency_weight·recency and √(M² − |·|²) (query: u / σ, 1, 0).

    All rows have the same length M, so the cosine ranks as the inner product does (Bachrach et al. 2014).
    """
    rows = np.column_stack([model.item_vectors, model.recency_weight * model.recency])
    squares: Vector = (rows**2).sum(axis=1)
    return np.column_stack([rows, np.sqrt(squares.max() - squares)]).astype(np.float32)
