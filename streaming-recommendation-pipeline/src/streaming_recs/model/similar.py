"""Items like an item, and what is popular: answers that need no shopper."""

from __future__ import annotations

import numpy as np

from streaming_recs.model.recommend import recommend
from streaming_recs.model.retrieval import best
from streaming_recs.model.shopper import Answer, Recommendation, Shopper, Wanted
from streaming_recs.model.version import ModelVersion, Vector


class UnknownProductError(KeyError):
    """The model knows no such product: it was not sold when the model was trained, or the code is misspelt."""


def similar(model: ModelVersion, product_code: str, k: int = 20) -> tuple[Recommendation, ...]:
    """The k items most like this one, best first: co-bought items first, then by the vectors' cosine."""
    index = model.index(product_code)
    if index is None:
        raise UnknownProductError(f"Model {model.version} knows no product {product_code!r}. Train it on newer data.")
    score = likeness(model, index)
    score[~model.attributes.in_stock] = -np.inf
    score[index] = -np.inf
    return tuple(
        Recommendation(str(model.items[i]), float(score[i]), f"Bought by the same customers as {product_code}")
        for i in best(score[None, :], k)[0].tolist()
        if i >= 0
    )


def likeness(model: ModelVersion, index: int) -> Vector:
    """(n,) cosine to the item, plus 1 or more for its nearest neighbours, so that evidence goes before geometry."""
    score = np.asarray(model.unit_vectors @ model.unit_vectors[index], dtype=np.float32)
    near, weight = model.neighbours.item[index], model.neighbours.weight[index]
    known = near >= 0
    if known.any():
        score[near[known]] += 1 + weight[known] / max(float(weight.max()), 1e-12)
    return score


def popular(model: ModelVersion, wanted: Wanted) -> Answer:
    """Popular now: what a shopper gets of whom nothing is known."""
    return recommend(model, [Shopper()], wanted)[0]
