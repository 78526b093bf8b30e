"""The one path of a recommendation: shopper's vector → retrieve → filter → re-rank → diversify → explain.

HTTP, stream and evaluation all call `recommend`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from streaming_recs.model import filters, retrieval
from streaming_recs.model.diversity import diversify
from streaming_recs.model.features import pair_features
from streaming_recs.model.filters import Mask
from streaming_recs.model.histories import Batch, batch
from streaming_recs.model.reasons import reasons
from streaming_recs.model.reranking import shortlist_scores
from streaming_recs.model.shopper import Answer, Path, Recommendation, Shopper, Wanted
from streaming_recs.model.version import Indices, Matrix, ModelVersion, Vector

RETRIEVED = 150  # candidates by score …
TRENDING = 60  # … and by recent sales, for the re-ranker to choose from
_CELLS = 2_000_000  # shoppers × items worked on at once: bounds memory

# (model, normalised user vectors (q, d), masks (q, n), count) → item positions (q, count), best first, -1 pads.
Retrieve = Callable[[ModelVersion, Matrix, Mask, int], Indices]


@dataclass(frozen=True)
class Stages:
    """How the two stages are run: by default exact retrieval in memory, then the re-ranker where the model has one."""

    retrieve: Retrieve = retrieval.exact
    rerank: bool = True


@dataclass(frozen=True)
class Ranked:
    """One shopper's list before it becomes an answer."""

    items: Indices  # (<= k,) positions, best first
    scores: Vector  # (<= k,)
    removed: dict[str, int]
    k: int  # as many were asked for


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
    found: list[Answer] = []
    for known, lists in _blocks(model, shoppers, each, Stages(retrieve, rerank)):
        said = reasons(model, known, [one.items for one in lists])
        found += [_answer(model, *what) for what in zip(known.paths, lists, said, strict=True)]
    return found


def _answer(model: ModelVersion, path: Path, one: Ranked, why: list[str]) -> Answer:
    codes, scores = model.items[one.items].tolist(), one.scores.tolist()
    return Answer(
        items=tuple(map(Recommendation, codes, scores, why)),
        path=path,
        model_version=model.version,
        shortfall=filters.shortfall(one.k, len(one.items), len(model.items), one.removed),
        removed=one.removed,
    )


def ranked(
    model: ModelVersion, shoppers: Sequence[Shopper], wanted: Sequence[Wanted], stages: Stages | None = None
) -> Iterator[Ranked]:
    """Items and scores for each shopper, in their order."""
    for _, lists in _blocks(model, shoppers, wanted, stages or Stages()):
        yield from lists


def _blocks(
    model: ModelVersion, shoppers: Sequence[Shopper], wanted: Sequence[Wanted], stages: Stages
) -> Iterator[tuple[Batch, list[Ranked]]]:
    """Works on as many shoppers at once as memory bounds."""
    step = max(1, _CELLS // max(1, len(model.items)))
    for start in range(0, len(shoppers), step):
        yield _block(model, shoppers[start : start + step], wanted[start : start + step], stages)


def _block(
    model: ModelVersion, shoppers: Sequence[Shopper], wanted: Sequence[Wanted], stages: Stages
) -> tuple[Batch, list[Ranked]]:
    known, lists = batch(model, shoppers), []
    permitted = [filters.allowed(model, shopper, want) for shopper, want in zip(shoppers, wanted, strict=True)]
    masks = np.array([mask for mask, _ in permitted])
    row, item = candidates(model, known, masks, max(RETRIEVED, *(want.k for want in wanted)), stages.retrieve)
    score = retrieval.scores(model, known.vectors)[row, item]
    if stages.rerank:
        score = reranked(model, known, row, item, score, np.array([want.bought for want in wanted]))
    for shopper, want in enumerate(wanted):
        mine = slice(*np.searchsorted(row, [shopper, shopper + 1]))
        order = diversify(score[mine], model.item_vectors[item[mine]], want.k, strength=want.diversity)
        lists.append(Ranked(item[mine][order], score[mine][order], permitted[shopper][1], want.k))
    return known, lists


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
    rows, items = np.nonzero(chosen & masks)
    return rows.astype(np.int64), items.astype(np.int64)


def reranked(  # noqa: PLR0913, PLR0917 (the columns of the pairs)
    model: ModelVersion, known: Batch, row: Indices, item: Indices, score: Vector, bought: Mask
) -> Vector:
    """(r,) scores; `bought` (q,) tells whether the shopper may be shown items already bought.

    The model's re-ranker for the case decides where the shopper has a history; elsewhere the retrieval score stays.
    """
    result = score.copy()
    trained = known.signals[:, 0] > 0
    for trees, case in ((model.discovery, trained & ~bought), (model.replenishment, trained & bought)):
        pairs = np.flatnonzero(case[row])
        if trees is not None and len(pairs):
            features = pair_features(model, known, row[pairs], item[pairs])
            result[pairs] = shortlist_scores(trees, features, row[pairs])
    return result
