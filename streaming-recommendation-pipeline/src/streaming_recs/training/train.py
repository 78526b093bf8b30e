"""One training run: interactions, items and customers in; a model version out."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from streaming_recs.model.version import ModelVersion, Trees
from streaming_recs.training.cold_items import with_cold_items
from streaming_recs.training.interactions import Interactions
from streaming_recs.training.retrieval_model import retrieval_model
from streaming_recs.training.settings import Settings
from streaming_recs.training.tables import Customers, Items, Sources

HORIZON = 0.2  # of the time span: how far ahead the re-ranker learns to look, as far as it will be asked
_LEAST_SPAN = 0.35  # of the time span: a moment before that knows too little


def train(  # noqa: PLR0913 (what a run is made of, by name)
    interactions: Interactions,
    items: Items | None = None,
    customers: Customers | None = None,
    *,
    seed: int,
    settings: Settings | None = None,
    end: float | None = None,
    data: dict[str, Any] | None = None,
) -> ModelVersion:
    """A named model version of interactions up to `end` (days since 1970; by default the last one's day).

    data: what to note of the source (snapshot ids). Raises NothingToLearnError for an empty input.
    """
    if len(interactions) == 0:
        raise NothingToLearnError("There are no interactions to train on. Run retail-ml-etl-job, or check its source.")
    sources = Sources(interactions, items or Items(), customers or Customers())
    chosen, end = settings or Settings(), float(interactions.day[-1]) if end is None else end
    model = retrieval_model(sources, end=end, settings=chosen, seed=seed)
    if chosen.rerank:
        discovery, replenishment = rerankers(sources, end=end, settings=chosen, seed=seed)
        model = replace(model, discovery=discovery, replenishment=replenishment)
    model = with_cold_items(model, sources.items)
    model = replace(
        model, data=model.data | (data or {}) | {"end": _moment(end).isoformat(), "end_day": end, "seed": seed}
    )
    return replace(model, version=version_name(model, datetime.now(UTC)))


def rerankers(sources: Sources, *, end: float, settings: Settings, seed: int) -> tuple[Trees | None, Trees | None]:
    """The re-rankers for new items and for all items, learnt at past moments; None where there is too little."""
    from streaming_recs.training import reranker  # noqa: PLC0415 (LightGBM: only where a re-ranker is trained)

    interactions = sources.interactions
    start = float(interactions.day[0])
    horizon = HORIZON * (end - start)
    moments = [end - back * horizon for back in reranker.MOMENTS]
    learnt: tuple[list[Any], list[Any]] = ([], [])
    for number, moment in enumerate(moments):
        past, following = sources.until(moment), interactions.between(moment, moment + horizon)
        if moment < start + _LEAST_SPAN * (end - start) or len(past.interactions) == 0 or len(following) == 0:
            continue
        model = retrieval_model(past, end=moment, settings=settings, seed=seed)
        for show_bought in (False, True):
            learnt[show_bought].append(reranker.examples(model, following, show_bought=show_bought, seed=seed + number))
    return reranker.fit(learnt[0], settings, seed=seed), reranker.fit(learnt[1], settings, seed=seed)


def version_name(model: ModelVersion, now: datetime) -> str:
    """ "20261121T123456Z-ab12cd34": when it was trained and a digest of what was learnt."""
    digest = hashlib.sha256(replace(model, version="").to_bytes()).hexdigest()
    return f"{now:%Y%m%dT%H%M%SZ}-{digest[:8]}"


def _moment(days: float) -> datetime:
    return datetime.fromtimestamp(days * 86_400, UTC)


class NothingToLearnError(ValueError):
    """The input of training is empty."""
