"""Every method of an evaluation as one thing: fit on interactions, rank items for users. Ours is the serving path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from streaming_recs.model.recommend import Stages, ranked
from streaming_recs.model.retrieval import best
from streaming_recs.model.shopper import Shopper, Wanted
from streaming_recs.model.version import Indices, ModelVersion
from streaming_recs.training.baselines import BASELINES, Baseline, Parameters, Score
from streaming_recs.training.interactions import Interactions
from streaming_recs.training.metrics import DEPTH
from streaming_recs.training.settings import Settings
from streaming_recs.training.train import train

_BLOCK = 256

# (user positions, may items already bought be shown) → (q, DEPTH) item positions, best first, -1 pads.
Rank = Callable[[Indices, bool], Indices]


@dataclass(frozen=True)
class Method:
    """fit(interactions, end, parameters, seed) → rank; the space of its search; the items it can take."""

    fit: Callable[[Interactions, float, Parameters, int], Rank]
    space: Mapping[str, tuple[Any, ...]]
    most_items: int | None = None


OUR_SPACE: Mapping[str, tuple[Any, ...]] = {
    "ridge": (100.0, 30.0, 300.0),
    "dropout": (0.3, 0.5),
    "forget_days": (60.0, 120.0, 1e6),
    "taste_days": (120.0, 1e6),
    "recency_weight": (3.0, 1.0, 0.0),
}


def methods() -> dict[str, Method]:
    """By the names of the report, ours first."""
    ours = {
        "ours": Method(_fit_ours(rerank=True), OUR_SPACE),
        "ours_retrieval_only": Method(_fit_ours(rerank=False), OUR_SPACE),
    }
    return ours | {name: Method(_fit(one), one.space, one.most_items) for name, one in BASELINES.items()}


def _fit_ours(*, rerank: bool) -> Callable[[Interactions, float, Parameters, int], Rank]:
    def fit(interactions: Interactions, end: float, parameters: Parameters, seed: int) -> Rank:
        return fit_ours(interactions, end, replace(Settings(), rerank=rerank, **parameters), seed)

    return fit


def fit_ours(interactions: Interactions, end: float, settings: Settings, seed: int) -> Rank:
    """Our lists as serving would show them; those of the first stage alone without `settings.rerank`."""
    if not settings.rerank:
        settings = replace(settings, neighbours=0)  # only the second stage and the reasons ask for them
    return rank_by_model(train(interactions, seed=seed, settings=settings, end=end), rerank=settings.rerank)


def rank_by_model(model: ModelVersion, *, rerank: bool = True) -> Rank:
    """The lists that serving would show: retrieve, filter, re-rank, without the sentences."""

    def rank(users: Indices, show_bought: bool) -> Indices:
        shoppers = [Shopper(customer_number=int(number)) for number in model.users[users]]
        wanted = [Wanted(k=DEPTH, bought=show_bought)] * len(shoppers)
        lists = np.full((len(users), DEPTH), -1, dtype=np.int64)
        for row, one in enumerate(ranked(model, shoppers, wanted, Stages(rerank=rerank))):
            lists[row, : len(one.items)] = one.items
        return lists

    return rank


def _fit(baseline: Baseline) -> Callable[[Interactions, float, Parameters, int], Rank]:
    def fit(interactions: Interactions, end: float, parameters: Parameters, seed: int) -> Rank:
        return _rank_by_score(interactions, baseline.fit(interactions, end, parameters, seed))

    return fit


def _rank_by_score(interactions: Interactions, score: Score) -> Rank:
    bought = interactions.matrix()

    def rank(users: Indices, show_bought: bool) -> Indices:
        lists = np.full((len(users), DEPTH), -1, dtype=np.int64)
        for start in range(0, len(users), _BLOCK):
            block = users[start : start + _BLOCK]
            scores = score(block).astype(np.float32)
            if not show_bought:
                scores[bought[block].nonzero()] = -np.inf
            top = best(scores, DEPTH)
            lists[start : start + len(block), : top.shape[1]] = top
        return lists

    return rank
