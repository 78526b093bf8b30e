"""From what is known of a shopper to a vector: trained, folded in, or the mean user of a place.

Symbols: v item vectors (n, d), w input vectors (n, d), u a user's vector, mu the mean user.
"""

from __future__ import annotations

import numpy as np

from streaming_recs.model.shopper import Interaction, Path, Shopper
from streaming_recs.model.version import Indices, ModelVersion, Vector

MAX_RECENT = 200  # a longer history adds time, not knowledge: the latest count


def fold_in(model: ModelVersion, items: Indices, weights: Vector, base: Vector) -> Vector:
    """u = base + Σ weight·w[item]: the closed form's own user vector, one interaction more at a time.

    items, weights: (k,), k >= 0; base: (d,) the trained vector, or κ·mu for a shopper who was not trained, which is
    the maximum a posteriori estimate under the prior mu with the weight of κ interactions. Returns (d,). It is a sum,
    so neither the order of events nor a second reading of the same history changes it.
    """
    if len(items) == 0:
        return base.astype(np.float32)
    return np.asarray(base + weights.astype(np.float32) @ model.input_vectors[items], dtype=np.float32)


def shopper_vector(
    model: ModelVersion, shopper: Shopper, recent: tuple[Indices, Vector] | None = None
) -> tuple[Vector, Path]:
    """The shopper's vector (d,), raw, and the path that made it; `recent` is `recent_items`, where it is known already.

    A trained customer's recent interactions are added to the trained vector, so the path stays "trained_user". Of a
    first version that the promotion gate refused, popularity is all that serves.
    """
    if model.data.get("serves") == "popularity":
        return np.zeros(model.dimensions, dtype=np.float32), "popular"
    items, weights = recent or recent_items(model, shopper.recent)
    user = None if shopper.customer_number is None else model.user_index(shopper.customer_number)
    if user is not None:
        return fold_in(model, items, weights, model.user_vectors[user]), "trained_user"
    prior = place_prior(model, shopper)
    if len(items):
        base = model.prior_weight * (model.prior if prior is None else prior)
        return fold_in(model, items, weights, base), "fold_in"
    if prior is not None:
        return prior, "location_prior"
    return np.zeros(model.dimensions, dtype=np.float32), "popular"


def recent_items(model: ModelVersion, recent: tuple[Interaction, ...]) -> tuple[Indices, Vector]:
    """Positions and weights of the latest known products, each once with its largest weight; weights end at 0 and 5.

    A huge or a negative quantity is a typing error or a return, not a hundredfold taste.
    """
    best: dict[int, float] = {}
    for interaction in sorted(recent, key=lambda one: one.age_days)[:MAX_RECENT]:
        index = model.index(interaction.product_code)
        if index is not None:
            best[index] = max(best.get(index, 0.0), min(max(interaction.weight, 0.0), 5.0))
    kept = sorted(index for index, weight in best.items() if weight > 0)
    return np.array(kept, dtype=np.int64), np.array([best[index] for index in kept], dtype=np.float32)


def place_prior(model: ModelVersion, shopper: Shopper) -> Vector | None:
    """The mean user of the city, else of the country, else of the credit limit's band; None when none is known."""
    country, city = (shopper.country or "").strip().lower(), (shopper.city or "").strip().lower()
    for place in (f"{country}|{city}", country):
        if place in model.place_priors:
            return model.place_priors[place]
    if shopper.credit_limit is not None and len(model.credit_edges):
        return np.asarray(model.credit_priors[int(np.searchsorted(model.credit_edges, shopper.credit_limit))])
    return None
