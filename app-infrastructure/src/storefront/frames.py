"""Pages that are the same for all but for a few words: rendered once, with holes for those words."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from html import escape

from storefront.services.catalogue import Catalogue
from storefront.visit import Visit

_MOST = 1_000
# Made anew by each process, so that no text of the catalogue's or of a shopper's is taken for a hole.
_MARK = secrets.token_hex(12)
_CSRF, _CART, _NAME = (f"{_MARK}{hole}" for hole in ("csrf", "cart", "name"))


@dataclass(frozen=True)
class _Customer:
    name: str = _NAME


@dataclass(frozen=True)
class Holes:
    """Stands where templates of framed pages expect the visit; they may use no more of it than this."""

    customer: _Customer | None
    csrf: str = _CSRF
    cart_count: str = _CART


class Frames:
    """The latest ones, each for as long as its catalogue is the current one. For the event loop's thread alone."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[Catalogue, str]] = OrderedDict()

    def filled(self, catalogue: Catalogue, key: Hashable, visit: Visit, render: Callable[[Holes], str]) -> str:
        """The page that `render` makes, with the visit's own words; `key` tells it from all other pages."""
        customer = visit.customer
        key = (key, customer is not None)
        held, text = self._kept.get(key, (None, ""))
        if held is not catalogue:
            text = render(Holes(_Customer() if customer else None))
            self._keep(key, (catalogue, text))
        if customer:
            text = text.replace(_NAME, escape(customer.name))
        if _CSRF in text:
            text = text.replace(_CSRF, visit.csrf)
        return text.replace(_CART, str(visit.cart_count))

    def _keep(self, key: Hashable, frame: tuple[Catalogue, str]) -> None:
        self._kept[key] = frame
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
