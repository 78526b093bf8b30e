"""What others do for a shopper whom the model was not trained on: items just seen in, scores of all items out."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, vstack
from streaming_recs.model.version import Indices, Matrix, ModelVersion
from streaming_recs.training.als import implicit_als, least_squares
from streaming_recs.training.interactions import Interactions


def recent_popularity(model: ModelVersion, seen: list[Indices]) -> Matrix:
    """What sold in the last days, for everybody."""
    return np.tile(model.recency, (len(seen), 1))


def cosine_mean(model: ModelVersion, seen: list[Indices]) -> Matrix:
    """The mean of the seen items' unit vectors, by cosine: the tutorial's user embedding."""
    unit = model.item_vectors / np.maximum(np.linalg.norm(model.item_vectors, axis=1, keepdims=True), 1e-12)
    return np.array([unit @ unit[items].mean(axis=0) for items in seen])


def retrained_als(train: Interactions, seen: list[Indices], *, seed: int) -> Matrix:
    """Implicit ALS trained again with the new shoppers among the others."""
    counts = train.matrix()
    rows = [np.isin(np.arange(counts.shape[1]), items).astype(np.float32) for items in seen]
    new = csr_matrix(np.array(rows))
    options = {"ridge": 1.0, "alpha": 1.0}
    _, items = implicit_als(csr_matrix(vstack([counts, new])), dimensions=32, iterations=10, seed=seed, **options)
    return np.asarray(least_squares(new, items.astype(np.float64), **options) @ items.T)
