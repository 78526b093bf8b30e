"""The HTTP API's own records: what it takes and what it gives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field, RootModel

from streaming_recs.errors import ProfileRefusedError
from streaming_recs.events import CreditLimit, CustomerNumber, History, Identifier, Place, Record, latest_items
from streaming_recs.model.shopper import Answer, Wanted
from streaming_recs.recommender import Asked, Listing

_PROFILES = 1_000
_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no"}


class Profile(Record):
    """Who asks; every field may be missing. browse_history takes objects or plain product codes."""

    customer_number: CustomerNumber | None = None
    session_id: Identifier | None = None
    city: Place | None = None
    country: Place | None = None
    credit_limit: CreditLimit | None = Field(None, validation_alias=AliasChoices("credit_limit", "creditlimit"))
    browse_history: History = Field(default_factory=list)

    def asked(self) -> Asked:
        return Asked(
            self.customer_number, self.session_id, self.city, self.country, self.credit_limit,
            tuple(latest_items(self.browse_history)),
        )  # fmt: skip


class Profiles(RootModel[Profile | list[Profile]]):
    """One profile, or a list of them."""

    def asked(self) -> list[Asked]:
        """Each of them; raises ProfileRefusedError when there are too many for one request."""
        each = self.root if isinstance(self.root, list) else [self.root]
        if len(each) > _PROFILES:
            raise ProfileRefusedError(f"{len(each)} profiles are too many.", f"Send {_PROFILES} at a time.", "body")
        return [profile.asked() for profile in each]


class EmbeddingProfile(Profile):
    """A profile, or an embedding in its place."""

    embedding: Annotated[list[float], Field(max_length=4_096)] | None = None


class Item(BaseModel):
    """One recommended item."""

    product_code: str
    score: float
    reason: str


class ItemsAnswer(BaseModel):
    """Items, the path that found them, and the model; `shortfall` says why there are fewer than asked for."""

    items: list[Item]
    path: str
    model_version: str
    shortfall: str | None = None

    @classmethod
    def of(cls, answer: Answer | Listing) -> ItemsAnswer:
        items = [
            Item.model_construct(product_code=i.product_code, score=i.score, reason=i.reason) for i in answer.items
        ]
        return cls.model_construct(
            items=items, path=answer.path, model_version=answer.model_version, shortfall=answer.shortfall
        )


class EmbeddingAnswer(BaseModel):
    """A shopper's vector."""

    embedding: list[float]
    path: str
    model_version: str


class Health(BaseModel):
    """Which model version answers."""

    status: str
    model_version: str


def wanted_from(query: Mapping[str, Sequence[str]], limit: int) -> Wanted:
    """Filters of the query string: category (may repeat), in_stock, min_price, max_price, exclude (codes by comma),
    diversity, include_bought, include_cart. Raises ProfileRefusedError, which names the field."""
    given = {name: values for name, values in query.items() if values}
    exclude = [code for text in given.get("exclude", ()) for code in text.split(",") if code]
    return Wanted(
        k=limit,
        bought=_flag(given, "include_bought", default=False),
        in_cart=_flag(given, "include_cart", default=False),
        product_lines=frozenset(given["category"]) if "category" in given else None,
        in_stock_only=_flag(given, "in_stock", default=True),
        min_price=_number(given, "min_price", math.inf),
        max_price=_number(given, "max_price", math.inf),
        exclude=frozenset(exclude),
        diversity=_number(given, "diversity", 1.0) or 0.0,
    )


def _flag(given: Mapping[str, Sequence[str]], name: str, *, default: bool) -> bool:
    text = given[name][-1].lower() if name in given else str(default).lower()
    if text not in _TRUE | _FALSE:
        raise ProfileRefusedError(f"{name} is {text!r}.", "Send true or false.", name)
    return text in _TRUE


def _number(given: Mapping[str, Sequence[str]], name: str, most: float) -> float | None:
    if name not in given:
        return None
    remedy = f"Send a number from 0 to {most:g}." if math.isfinite(most) else "Send a number from 0 on."
    try:
        value = float(given[name][-1])
    except ValueError:
        raise ProfileRefusedError(f"{name} is {given[name][-1]!r}.", remedy, name) from None
    if not math.isfinite(value) or not 0 <= value <= most:
        raise ProfileRefusedError(f"{name} is {given[name][-1]!r}.", remedy, name)
    return value
