"""The scale at which vectors are indexed."""

from __future__ import annotations

import numpy as np

from streaming_recs.model.retrieval import normalised
from streaming_recs.model.version import ModelVersion

_SAMPLE = 1_000


def search_scale(model: ModelVersion) -> float:
    """How many times the trained item vectors stand in the index.

    Scores do not change (users are divided by it), but distances between items do: at this scale a user's numbers are
    as large as the recency's weight, so that two items are as far apart as users' scores of them differ on average.
    Without it the recency alone would decide which items are neighbours in the graph, and no query would find its way.
    """
    users = normalised(model, model.user_vectors[:: max(1, len(model.users) // _SAMPLE)])
    size = float(np.sqrt(np.mean(np.square(users)))) if users.size else 0.0
    return size / float(model.recency_weight) if size > 0 and model.recency_weight > 0 else 1.0
