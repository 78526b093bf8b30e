"""Orders that were placed, told as the looks that led to them: what a shop's visitors would have sent."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from streaming_recs.events import BrowsedItem, BrowseEvent

_LOOK_SECONDS = 20


@dataclass(frozen=True)
class Visit:
    """One shopper's way to one order: products in the order in which they were looked at, with their quantities."""

    customer_number: int
    city: str | None
    country: str | None
    credit_limit: float | None
    products: tuple[tuple[str, int], ...]


def looks(visit: Visit, began: datetime) -> Iterator[BrowseEvent]:
    """One event a product; each carries the session so far, and all but the latest product are in the cart."""
    session = f"visit-{uuid.uuid4()}"
    for seen in range(1, len(visit.products) + 1):
        yield BrowseEvent(
            schema_version=1,
            event_id=str(uuid.uuid4()),
            session_id=session,
            customer_number=visit.customer_number,
            city=visit.city,
            country=visit.country,
            credit_limit=visit.credit_limit,
            event_time=began + timedelta(seconds=_LOOK_SECONDS * (seen - 1)),
            browse_history=[
                BrowsedItem(product_code=code, quantity=quantity, in_shopping_cart=place < seen - 1)
                for place, (code, quantity) in enumerate(visit.products[:seen])
            ],
        )


def interleaved(visits: Sequence[Visit], now: datetime, seed: int = 7) -> list[BrowseEvent]:
    """All looks of all visits in the order of their times, as shoppers come and go; the last one is at `now`."""
    chance = random.Random(seed)  # noqa: S311 - a shuffle of arrivals, no secret
    longest = max((len(visit.products) for visit in visits), default=0) * _LOOK_SECONDS
    arrivals = [now - timedelta(seconds=longest + chance.uniform(0, longest)) for _ in visits]
    events: Iterable[BrowseEvent] = (
        event for visit, began in zip(visits, arrivals, strict=True) for event in looks(visit, began.astimezone(UTC))
    )
    return sorted(events, key=lambda event: event.order)
