"""The first stage of a model version: vectors, recency, neighbours, priors and histories at a moment."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from streaming_recs.model.version import Matrix, ModelVersion, Neighbours
from streaming_recs.training import linear
from streaming_recs.training.als import implicit_als
from streaming_recs.training.priors import Priors
from streaming_recs.training.settings import Settings
from streaming_recs.training.signals import Pairs, decayed, item_signals, user_signals
from streaming_recs.training.tables import Sources

EXACT_NEIGHBOURS = 6_000  # items up to which an n × n inverse is cheap enough to take a few times


def retrieval_model(sources: Sources, *, end: float, settings: Settings, seed: int) -> ModelVersion:
    """A model version without re-rankers and without a name, from interactions up to `end` (days since 1970)."""
    interactions = sources.interactions
    pairs, shape = Pairs(interactions, end), (len(interactions.users), len(interactions.items))
    users, vectors, inputs, neighbours = embeddings(pairs, shape, settings, seed)
    priors = Priors.of(users, interactions.users, sources.customers)
    return ModelVersion(
        version="",
        items=interactions.items,
        item_vectors=vectors,
        input_vectors=inputs,
        recency=decayed(pairs.visit_item, pairs.visit_age, settings.recency_days, len(interactions.items)),
        recency_weight=settings.recency_weight,
        popularity=np.bincount(pairs.item, minlength=len(interactions.items)).astype(np.float32),
        gram=(vectors.T @ vectors).astype(np.float32),
        prior=priors.everybody,
        prior_weight=settings.prior_weight,
        ridge=settings.ridge,
        users=interactions.users,
        user_vectors=users,
        place_priors=priors.places,
        credit_edges=priors.credit_edges,
        credit_priors=priors.credit,
        attributes=sources.items.attributes(interactions.items),
        histories=pairs.histories(len(interactions.users)),
        item_signals=item_signals(pairs, len(interactions.items)),
        user_signals=user_signals(pairs, len(interactions.users)),
        neighbours=neighbours,
        companions=companions(pairs, len(interactions.items), settings),
        data={"rows": len(interactions), "users": len(interactions.users), "items": len(interactions.items)},
    )


def embeddings(
    pairs: Pairs, shape: tuple[int, int], settings: Settings, seed: int
) -> tuple[Matrix, Matrix, Matrix, Neighbours]:
    """Users (m, d), items (n, d), inputs (n, d) and neighbours: closed form where G fits, else ALS.

    Older purchases weigh less, in G (a shop's assortment changes) and, more slowly, in a user's own vector.
    """
    bought = pairs.matrix(*shape, settings.forget_days)
    if shape[1] > linear.DENSE_LIMIT:
        users, vectors = implicit_als(
            bought, dimensions=settings.dimensions, ridge=settings.als_ridge, alpha=settings.als_alpha,
            iterations=settings.als_iterations, seed=seed,
        )  # fmt: skip
        # To first order one more interaction moves a user by (YᵀY + λI)⁻¹(1 + α)y.
        precision = vectors.T @ vectors + settings.als_ridge * np.eye(vectors.shape[1])
        inputs = np.linalg.solve(precision, (1 + settings.als_alpha) * vectors.T).T.astype(np.float32)
        return users, vectors, inputs, linear.sparse_neighbours(bought, settings.neighbours)
    co_counts = linear.gram(bought.sqrt())
    vectors, inputs = linear.low_rank(
        co_counts, ridge=settings.ridge, dropout=settings.dropout, dimensions=settings.dimensions
    )
    users = pairs.matrix(*shape, settings.taste_days) @ inputs
    return users, vectors, inputs, neighbours_of(co_counts, bought, settings)


def neighbours_of(co_counts: linear.Gram, bought: csr_matrix, settings: Settings) -> Neighbours:
    """By EASE where its inverse is cheap, else by TF-IDF cosine; none when none are wanted."""
    if settings.neighbours == 0:
        return linear.nearest(np.empty((len(co_counts), 0), dtype=np.float32), 0)
    if len(co_counts) <= EXACT_NEIGHBOURS:
        return linear.nearest(linear.ease(co_counts, ridge=settings.neighbour_ridge), settings.neighbours)
    return linear.sparse_neighbours(bought, settings.neighbours)


def companions(pairs: Pairs, items: int, settings: Settings) -> Neighbours:
    """What lies in the same baskets lately: EASE or cosine over the baskets of the last days, newer ones weigh more."""
    if settings.neighbours == 0:
        return linear.nearest(np.empty((items, 0), dtype=np.float32), 0)
    recent = pairs.visit_age < settings.companion_days
    days = int(pairs.visit_day.max()) + 1
    _, basket = np.unique(pairs.visit_user[recent] * days + pairs.visit_day[recent], return_inverse=True)
    weight = np.exp(-pairs.visit_age[recent] / (4 / 3 * settings.companion_days)).astype(np.float32)
    baskets = int(basket.max()) + 1 if len(basket) else 1
    matrix = csr_matrix((weight, (basket, pairs.visit_item[recent])), shape=(baskets, items))
    if items <= EXACT_NEIGHBOURS:
        return linear.nearest(linear.ease(linear.gram(matrix), ridge=settings.companion_ridge), settings.neighbours)
    return linear.sparse_neighbours(matrix, settings.neighbours)
