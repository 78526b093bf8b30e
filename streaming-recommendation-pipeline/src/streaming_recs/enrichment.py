"""A batch of raw events to what is delivered: the event, its recommendations and items like those just looked at."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from streaming_recs.errors import EventRefusedError, ModelMissingError
from streaming_recs.events import BrowseEvent, parse_event
from streaming_recs.model.shopper import Recommendation, Wanted
from streaming_recs.recommender import Asked, Recommender

logger = logging.getLogger(__name__)

RECOMMENDED, SIMILAR_TO, SIMILAR = 20, 3, 3
WANTED = Wanted(k=RECOMMENDED)


@dataclass(frozen=True)
class Enriched:
    """A record that is delivered."""

    document: dict[str, Any]


@dataclass(frozen=True)
class Rejected:
    """A record that is no event."""

    reason: str
    field: str | None


def enrich(raw: Sequence[bytes], recommender: Recommender) -> list[Enriched | Rejected]:
    """One outcome for each record, in their order; one exchange with the database for all."""
    parsed = [_parsed(record) for record in raw]
    events = [event for event in parsed if isinstance(event, BrowseEvent)]
    delivered = iter(_delivered(events, recommender))
    return [outcome if isinstance(outcome, Rejected) else Enriched(next(delivered)) for outcome in parsed]


def to_line(document: Mapping[str, Any]) -> bytes:
    """One JSON line, as Firehose's Parquet conversion reads it."""
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def slimmer(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what can be had again left out: similar items and all but the first recommendations."""
    return document | {"similar_items": [], "recommended_items": document["recommended_items"][:5]}


def _parsed(record: bytes) -> BrowseEvent | Rejected:
    try:
        return parse_event(record)
    except EventRefusedError as error:
        return Rejected(error.message, error.field)


def _delivered(events: Sequence[BrowseEvent], recommender: Recommender) -> list[dict[str, Any]]:
    asked = [Asked.from_event(event) for event in events]
    try:
        answers = recommender.recommend(asked, WANTED) if asked else []
    except ModelMissingError as error:
        logger.warning("delivering events without recommendations: %s", error)
        return [_document(event, (), {}, "none", None) for event in events]
    return [
        _document(
            event, answer.items, recommender.similar_to_browsed(one, SIMILAR_TO, SIMILAR), answer.path,
            answer.model_version,
        )
        for event, one, answer in zip(events, asked, answers, strict=True)
    ]  # fmt: skip


def _document(
    event: BrowseEvent,
    recommended: Sequence[Recommendation],
    similar: Mapping[str, Sequence[Recommendation]],
    path: str,
    version: str | None,
) -> dict[str, Any]:
    return event.to_json() | {
        "recommended_items": [
            {"product_code": item.product_code, "score": round(item.score, 5), "reason": item.reason}
            for item in recommended
        ],
        "similar_items": [
            {
                "product_code": code,
                "items": [{"product_code": item.product_code, "score": item.score} for item in items],
            }
            for code, items in similar.items()
        ],
        "path": path,
        "model_version": version,
    }
