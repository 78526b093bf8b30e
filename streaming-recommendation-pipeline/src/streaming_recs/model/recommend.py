"""The one path of a recommendation: shopper's vector → retrieve → filter → re-rank → diversify → explain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streaming_recs.model.shopper import Answer, Path, Recommendation, Shopper, Wanted
from streaming_recs.model.version import Indices, Matrix, ModelVersion, Vector

# (users' vectors (q, d), items that may be shown (q, n) or None, count) → item indices (q, count), -1 where fewer.
Retrieve = Callable[[Matrix, Matrix | None, int], Indices]


def shopper_vector(model: ModelVersion, shopper: Shopper) -> tuple[Vector, Path]:
    """The shopper's vector (d,) and the path that made it."""
    raise NotImplementedError


def recommend(
    model: ModelVersion,
    shoppers: Sequence[Shopper],
    wanted: Wanted | Sequence[Wanted],
    *,
    retrieve: Retrieve | None = None,
    rerank: bool = True,
) -> list[Answer]:
    """One answer per shopper, in their order. Without `retrieve` the retrieval is exact, in memory."""
    raise NotImplementedError


def similar(model: ModelVersion, product_code: str, k: int = 20) -> tuple[Recommendation, ...]:
    """Items like this one, best first; KeyError for a product the model does not know."""
    raise NotImplementedError


def popular(model: ModelVersion, wanted: Wanted) -> Answer:
    """Popular now: the answer for a shopper of whom nothing is known."""
    raise NotImplementedError
