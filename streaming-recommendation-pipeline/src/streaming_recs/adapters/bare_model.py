"""A model from vectors alone, for a version that somebody loaded by CSV and that has no model in the lake."""

from __future__ import annotations

import numpy as np

from streaming_recs.adapters.vector_store import LiveVersion, StoredVectors
from streaming_recs.model.features import ITEM_SIGNALS, USER_SIGNALS
from streaming_recs.model.version import Attributes, Histories, Matrix, ModelVersion, Neighbours

_NEIGHBOURS, _CHUNK = 20, 2_000


def model_from_vectors(live: LiveVersion, stored: StoredVectors) -> ModelVersion:
    """Everything that follows from the vectors; what does not (sales, prices, histories) is unknown, not guessed.

    A shopper's vector grows by the item vectors themselves, as it does in a factorisation with tied weights.
    """
    n, m = len(stored.items), len(stored.users)
    v, u = stored.item_vectors, stored.user_vectors
    near = _neighbours(v)
    return ModelVersion(
        version=live.version,
        items=stored.items,
        item_vectors=v,
        input_vectors=v,
        recency=np.zeros(n, dtype=np.float32),
        recency_weight=live.recency_weight,
        popularity=np.asarray(v @ u.mean(axis=0), dtype=np.float32) if m else np.zeros(n, dtype=np.float32),
        gram=np.asarray(v.T @ v, dtype=np.float32),
        prior=np.asarray(u.mean(axis=0), dtype=np.float32) if m else np.zeros(v.shape[1], dtype=np.float32),
        prior_weight=1.0,
        ridge=1.0,
        users=stored.users,
        user_vectors=u,
        place_priors={},
        credit_edges=np.zeros(0, dtype=np.float32),
        credit_priors=np.zeros((0, v.shape[1]), dtype=np.float32),
        attributes=Attributes(np.full(n, "", dtype=np.str_), np.full(n, np.nan), np.ones(n, dtype=np.bool_)),
        histories=_no_histories(m),
        item_signals=np.zeros((n, len(ITEM_SIGNALS)), dtype=np.float32),
        user_signals=np.zeros((m, len(USER_SIGNALS)), dtype=np.float32),
        neighbours=near,
        companions=near,
    )


def _no_histories(users: int) -> Histories:
    nothing = np.zeros(0, dtype=np.float32)
    return Histories(np.zeros(users + 1, dtype=np.int64), np.zeros(0, dtype=np.int32), *[nothing] * 5)


def _neighbours(v: Matrix) -> Neighbours:
    """The nearest items by cosine, a chunk at a time: n² numbers would not fit."""
    unit = v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
    count = min(_NEIGHBOURS, len(v) - 1)
    items, weights = [], []
    for start in range(0, len(v), _CHUNK):
        cosine = unit[start : start + _CHUNK] @ unit.T
        cosine[np.arange(len(cosine)), start + np.arange(len(cosine))] = -np.inf
        top = np.argsort(-cosine, axis=1, kind="stable")[:, :count]
        items.append(top)
        weights.append(np.maximum(np.take_along_axis(cosine, top, axis=1), 0))
    return Neighbours(np.concatenate(items).astype(np.int32), np.concatenate(weights).astype(np.float32))
