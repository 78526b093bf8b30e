"""One shopper's visit: what the signed cookie holds. Small, for a cookie has 4 KB, and signed, not secret."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from streaming_recs.events import BrowsedItem, BrowseEvent

from storefront.errors import RequestRefusedError
from storefront.services.checkout import Line
from storefront.services.customers import Customer

HISTORY = 30  # products looked at that the cookie remembers, the latest ones
CART_LINES = 20
MAX_QUANTITY = 500


class Visit:
    """A view of the session; every change goes into the mapping, which the middleware signs and sends.

    Who has only looked at what all see has none: identity and form token come when they are first needed.
    cart: {code: [quantity, price as text]} with the price that the shopper saw; history: [[code, quantity, in cart]].
    """

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self._session = session

    @property
    def session_id(self) -> str:
        return str(self._session.setdefault("id", uuid.uuid4().hex))

    @property
    def csrf(self) -> str:
        return str(self._session.setdefault("csrf", secrets.token_urlsafe(24)))

    def has_csrf(self, given: str) -> bool:
        held = self._session.get("csrf")
        return held is not None and secrets.compare_digest(given.encode(), str(held).encode())

    @property
    def customer(self) -> Customer | None:
        held = self._session.get("customer")
        return Customer(**held) if held else None

    def sign_in(self, customer: Customer) -> None:
        """A new session for the customer, which takes the cart along and nothing else."""
        cart = self._session.get("cart", {})
        self.sign_out()
        self._session.update(customer=asdict(customer), cart=cart)

    def sign_out(self) -> None:
        self._session.clear()

    @property
    def cart(self) -> list[Line]:
        held = self._session.get("cart", {})
        return [Line(code, int(quantity), Decimal(price)) for code, (quantity, price) in held.items()]

    @property
    def cart_count(self) -> int:
        return len(self._session.get("cart", {}))

    @property
    def cart_total(self) -> Decimal:
        return sum((line.quantity * line.price for line in self.cart), Decimal("0.00"))

    def add(self, code: str, quantity: int, price: Decimal) -> None:
        """Put more of a product into the cart; raises RequestRefusedError when that is too much."""
        held = self._quantities().get(code, 0)
        self.set_line(code, held + quantity, price)

    def set_line(self, code: str, quantity: int, price: Decimal) -> None:
        """Have so many of a product in the cart; 0 takes it out."""
        cart = dict(self._session.get("cart", {}))
        if quantity > MAX_QUANTITY:
            raise RequestRefusedError(
                f"At most {MAX_QUANTITY} of one product fit into an order.", "Order the rest separately.", "quantity"
            )
        if quantity and code not in cart and len(cart) >= CART_LINES:
            raise RequestRefusedError(
                f"At most {CART_LINES} products fit into a cart.", "Check out first, then go on.", "code"
            )
        cart.pop(code, None) if not quantity else cart.update({code: [quantity, str(price)]})
        self._session["cart"] = cart
        self._remember(code, max(1, quantity), in_cart=quantity > 0)

    def see_prices(self, prices: Mapping[str, Decimal]) -> list[Line]:
        """Note that these prices are shown now; returns the lines, at their old price, whose price is another."""
        changed = [line for line in self.cart if prices.get(line.code, line.price) != line.price]
        cart = dict(self._session.get("cart", {}))
        for line in changed:
            cart[line.code] = [line.quantity, str(prices[line.code])]
        if changed:
            self._session["cart"] = cart
        return changed

    def empty_cart(self) -> None:
        self._session["cart"] = {}
        self._session.pop("checkout", None)

    @property
    def checkout_token(self) -> str:
        """The token of the checkout form that is shown; it stays until its order is placed."""
        return str(self._session.setdefault("checkout", secrets.token_urlsafe(24)))

    def look_at(self, code: str) -> None:
        quantity = self._quantities().get(code)
        self._remember(code, quantity or 1, in_cart=quantity is not None)

    @property
    def history(self) -> list[BrowsedItem]:
        held: Sequence[Sequence[Any]] = self._session.get("history", [])
        return [BrowsedItem(product_code=c, quantity=q, in_shopping_cart=bool(in_cart)) for c, q, in_cart in held]

    def event(self) -> BrowseEvent:
        """What the shopper has looked at so far, as the stream has it."""
        return BrowseEvent(
            schema_version=1,
            event_id=str(uuid.uuid4()),
            session_id=self.session_id,
            event_time=datetime.now(UTC),
            browse_history=self.history,
            **self._person(),
        )

    def profile(self) -> dict[str, Any]:
        """The same as a question to the recommender."""
        history = [item.model_dump() for item in self.history]
        person = {name: value for name, value in self._person().items() if value is not None}
        return {"session_id": self.session_id, "browse_history": history, **person} if history or person else {}

    def _person(self) -> dict[str, Any]:
        one = self.customer
        if one is None:
            return {}
        return {
            "customer_number": one.number, "city": one.city, "country": one.country, "credit_limit": one.credit_limit,
        }  # fmt: skip

    def _quantities(self) -> dict[str, int]:
        return {line.code: line.quantity for line in self.cart}

    def _remember(self, code: str, quantity: int, *, in_cart: bool) -> None:
        earlier = [entry for entry in self._session.get("history", []) if entry[0] != code]
        self._session["history"] = [*earlier, [code, quantity, int(in_cart)]][-HISTORY:]
