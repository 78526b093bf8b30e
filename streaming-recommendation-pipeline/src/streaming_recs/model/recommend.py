"""The one path of a recommendation: shopper's vector → retrieve → filter → re-rank → diversify → explain.

HTTP, stream and evaluation all call `recommend`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from streaming_recs.model import filters, retrieval
from streaming_recs.model.diversity import diversify
from streaming_recs.model.features import pair_features
from streaming_recs.model.filters import Mask
from streaming_recs.model.histories import Batch, batch
from streaming_recs.model.reasons import reasons
from streaming_recs.model.reranking import tree_scores
from streaming_recs.model.shopper import Answer, Recommendation, Shopper, Wanted
from streaming_recs.model.version import Indices, Matrix, ModelVersion, Vector

RETRIEVED = 200  # candidates by score …
TRENDING = 100  # … and by recent sales, for the re-ranker to choose from
_CELLS = 2_000_000  # shoppers × items worked on at once: bounds memory

# (model, normalised user vectors (q, d), masks (q, n), count) → item positions (q, count), best first, -1 pads.
Retrieve = Callable[[ModelVersion, Matrix, Mask, int], Indices]


def recommend(
    model: ModelVersion,
    shoppers: Sequence[Shopper],
    wanted: Wanted | Sequence[Wanted],
    *,
    retrieve: Retrieve = retrieval.exact,
    rerank: bool = True,
) -> list[Answer]:
    """One answer per shopper, in their order: k items, or fewer and the reason why.

    `wanted` is one for all or one for each. By default retrieval is exact, in memory; a vector index takes its place
    by `retrieve`.
    """
    each = [wanted] * len(shoppers) if isinstance(wanted, Wanted) else list(wanted)
    step = max(1, _CELLS // max(1, len(model.items)))
    answers: list[Answer] = []
    for start in range(0, len(shoppers), step):
        answers += _answers(model, shoppers[start : start + step], each[start : start + step], retrieve, rerank)
    return answers


def _answers(
    model: ModelVersion, shoppers: Sequence[Shopper], wanted: Sequence[Wanted], retrieve: Retrieve, rerank: bool
) -> list[Answer]:
    if not shoppers:
        return []
    known = batch(model, shoppers)
    permitted = [filters.allowed(model, shopper, want) for shopper, want in zip(shoppers, wanted, strict=True)]
    masks = np.array([mask for mask, _ in permitted])
    ranked = _ranked(model, known, masks, wanted, retrieve, rerank)
    answers = []
    for row, (items, scores) in enumerate(ranked):
        removed = permitted[row][1]
        said = reasons(model, known, row, items)
        answers.append(
            Answer(
                items=tuple(
                    Recommendation(str(model.items[item]), float(score), reason)
                    for item, score, reason in zip(items, scores, said, strict=True)
                ),
                path=known.paths[row],
                model_version=model.version,
                shortfall=filters.shortfall(wanted[row].k, len(items), len(model.items), removed),
                removed=removed,
            )
        )
    return answers


def _ranked(
    model: ModelVersion, known: Batch, masks: Mask, wanted: Sequence[Wanted], retrieve: Retrieve, rerank: bool
) -> Iterator[tuple[Indices, Vector]]:
    """Items and scores of each shopper, best first, diversified, k at most."""
    most = max(want.k for want in wanted)
    row, item = candidates(model, known, masks, max(RETRIEVED, most), retrieve)
    score = candidate_scores(model, known, row, item, np.array([want.bought for want in wanted]), rerank)
    for shopper, want in enumerate(wanted):
        mine = slice(*np.searchsorted(row, [shopper, shopper + 1]))
        order = diversify(score[mine], model.item_vectors[item[mine]], want.k, strength=want.diversity)
        yield item[mine][order], score[mine][order]


def candidates(
    model: ModelVersion, known: Batch, masks: Mask, count: int, retrieve: Retrieve = retrieval.exact
) -> tuple[Indices, Indices]:
    """(row, item) pairs, rows ascending: the best by score, what sells now, and what the shopper bought, if allowed."""
    chosen = np.zeros_like(masks)
    found = retrieve(model, known.vectors, masks, count)
    row = np.repeat(np.arange(len(found)), found.shape[1])
    chosen[row[found.ravel() >= 0], found.ravel()[found.ravel() >= 0]] = True
    chosen[:, np.argsort(-model.recency, kind="stable")[:TRENDING]] = True
    chosen[known.row, known.item] = True
    return np.nonzero(chosen & masks)


def candidate_scores(
    model: ModelVersion, known: Batch, row: Indices, item: Indices, bought: Mask, rerank: bool
) -> Vector:
    """(r,) scores; `bought` (q,) tells whether the shopper may be shown items already bought.

    Where the model has a re-ranker for the case, and the shopper a history, it decides; else the retrieval score.
    """
    score = retrieval.scores(model, known.vectors)[row, item]
    if not rerank or len(row) == 0:
        return score
    trained = known.signals[:, 0] > 0
    for trees, case in ((model.discovery, trained & ~bought), (model.replenishment, trained & bought)):
        pairs = np.flatnonzero(case[row])
        if trees is not None and len(pairs):
            features = pair_features(model, known, row[pairs], item[pairs])
            score[pairs] = tree_scores(trees, features)
    return score
