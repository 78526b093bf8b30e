"""One call of retail-transaction-generator: five minutes of sales into one raw file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from batch_etl.errors import CatalogueUnavailable, FeedEventRefused
from batch_etl.sources.feed.catalogue import Shop
from batch_etl.sources.feed.landing import Landing
from batch_etl.sources.feed.sales import Moment
from batch_etl.sources.feed.settings import GeneratorSettings

_MOST = 100_000


def generate(
    event: dict[str, Any], request_id: str, settings: GeneratorSettings, shop: Shop, landing: Landing
) -> dict[str, Any]:
    """Where the transactions are, and how many they are.

    `event`: EventBridge's scheduled event, or {} by hand; `transactions` in it is a number in place of the hour's.

    The same event finds the file of its first call. Raises FeedEventRefused, CatalogueUnavailable.
    """
    moment, count = _moment(event, request_id, shop.now()), _count(event)
    products = shop.catalogue().listed()
    if not products:
        raise CatalogueUnavailable("The shop lists no product. Load a source with `retail load-source`.")
    sold = settings.sales.draw(moment, products, count)
    name = f"{moment.time:%H%M%S}-{re.sub('[^A-Za-z0-9-]', '-', moment.id)}"
    key, written = landing.write(f"{moment.time:%Y-%m-%d}", name, sold)
    return {"bucket": landing.bucket, "key": key, "written": written, "transactions": len(sold) if written else None}


def _moment(event: dict[str, Any], request_id: str, now: datetime) -> Moment:
    """A call by hand has no id and no time; Lambda repeats its request id when it repeats the call."""
    given = event.get("time")
    try:
        when = now if given is None else datetime.fromisoformat(given)
    except (ValueError, TypeError):
        raise FeedEventRefused(f"The event's time is {given!r}. Send one such as 2026-01-31T12:30:00Z.") from None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return Moment(str(event.get("id") or request_id), when.astimezone(UTC).replace(microsecond=0))


def _count(event: dict[str, Any]) -> int | None:
    count = event.get("transactions")
    if count is None or (type(count) is int and 0 < count <= _MOST):
        return count
    raise FeedEventRefused(f"The event asks for {count!r} transactions. Send a whole number from 1 to {_MOST}.")
