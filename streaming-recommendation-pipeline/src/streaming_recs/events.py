"""The browse event of `retail-events`: the one contract that the storefront writes and everything here reads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from streaming_recs.errors import EventRefusedError

MAX_QUANTITY = 1_000_000
HISTORY_LIMIT = 200  # browsed products that count; of a longer history the latest ones
_FULL_QUANTITY = 1_000  # more of one product says nothing more about taste


def _storable(text: str) -> str:
    """PostgreSQL's text takes every character but NUL."""
    if "\x00" in text:
        raise ValueError("must not contain the character NUL")
    return text


def _written(moment: object) -> object:
    """A time is text with its offset; a bare number could be seconds or milliseconds."""
    if not isinstance(moment, str | datetime):
        raise ValueError("must be text such as 2026-11-21T12:34:56Z")  # noqa: TRY004 - pydantic wants ValueError
    return moment


def _full(item: object) -> object:
    """A plain product code stands for one look at that product."""
    return {"product_code": item} if isinstance(item, str) else item


Code = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_storable)]
Identifier = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_storable)]
Place = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
CustomerNumber = Annotated[int, Field(ge=0, le=2**63 - 1)]
CreditLimit = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Record(BaseModel):
    """Base of our records: immutable; unknown fields of later writers are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BrowsedItem(Record):
    """One product in a session's history."""

    product_code: Code
    quantity: Annotated[int, Field(ge=0, le=MAX_QUANTITY)] = 1
    in_shopping_cart: bool = False

    @property
    def weight(self) -> float:
        """What the interaction counts, in looks: a cart doubles, ten times the quantity adds one."""
        looks = 1.0 + math.log10(max(1, min(self.quantity, _FULL_QUANTITY)))
        return 2.0 * looks if self.in_shopping_cart else looks


History = Annotated[list[Annotated[BrowsedItem, BeforeValidator(_full)]], Field(max_length=100_000)]


class BrowseEvent(Record):
    """What a shopper has looked at so far in a session: the history is cumulative, the latest event replaces it."""

    schema_version: Literal[1]
    event_id: Identifier
    session_id: Identifier
    customer_number: CustomerNumber | None = None
    city: Place | None = None
    country: Place | None = None
    credit_limit: CreditLimit | None = None
    event_time: Annotated[AwareDatetime, BeforeValidator(_written)]
    browse_history: History = Field(default_factory=list)

    @property
    def shopper(self) -> str:
        return shopper_key(self.customer_number, self.session_id)

    @property
    def partition_key(self) -> str:
        """Kinesis keeps a shopper's events in order by it."""
        return str(self.customer_number) if self.customer_number is not None else self.session_id

    @property
    def order(self) -> tuple[datetime, str]:
        """Which of a session's events is the latest; the identifier decides between equal times."""
        return self.event_time, self.event_id

    def to_json(self) -> dict[str, Any]:
        """The event as JSON has it: times in UTC with Z."""
        written = self.model_dump()
        written["event_time"] = self.event_time.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return written


def shopper_key(customer_number: int | None, session_id: str) -> str:
    """Who an interaction belongs to: the customer, whatever the session, or a session without one."""
    return f"customer:{customer_number}" if customer_number is not None else f"session:{session_id}"


def parse_event(raw: bytes | str) -> BrowseEvent:
    """Bytes of a stream record to an event; raises EventRefusedError, which names the field."""
    try:
        return BrowseEvent.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = field_path(first["loc"])
        raise EventRefusedError(
            f"{field or 'The record'}: {first['msg']}.",
            "Send a JSON object as the browse event's contract has it, and replay this one once it is repaired.",
            field or None,
        ) from None


def field_path(location: Sequence[str | int]) -> str:
    """("browse_history", 0, "quantity") → browse_history[0].quantity"""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def latest_items(history: Iterable[BrowsedItem], limit: int = HISTORY_LIMIT) -> list[BrowsedItem]:
    """Each product once as it was last named, in order, at most the last `limit`."""
    last: dict[str, BrowsedItem] = {}
    for item in history:
        last.pop(item.product_code, None)
        last[item.product_code] = item
    return list(last.values())[-limit:]


def latest_events(events: Iterable[BrowseEvent]) -> list[BrowseEvent]:
    """Of each session the latest event; duplicates and overtaken ones say nothing more."""
    latest: dict[str, BrowseEvent] = {}
    for event in events:
        held = latest.get(event.session_id)
        if held is None or held.order < event.order:
            latest[event.session_id] = event
    return list(latest.values())
