"""The shop as a visitor has it, over HTTP: look, sign in, fill the cart, check out. Only what its pages offer."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx

from batch_etl.errors import SimulationError

_TOO_MANY, _PAUSE, _PATIENCE = {429, 502, 503, 504}, 5.0, 120.0  # seconds
_AGENT = {"user-agent": "retail-simulate/1"}
_FORM = re.compile(r'name="(csrf|token|total)" value="([^"]*)"')


class OrderRefused(Exception):  # noqa: N818 - says what happened; never leaves the package
    """The shop did not take the order: stock or prices have changed, as they may."""


@dataclass(frozen=True)
class Goods:
    """A product that can be bought."""

    code: str
    name: str
    line: str
    price: Decimal
    stock: int


@dataclass(frozen=True)
class Shop:
    """The shop, what it has and who may buy."""

    url: str
    goods: list[Goods]
    customers: list[int]

    @classmethod
    def at(cls, url: str) -> Shop:
        """Raises SimulationError when there is nothing to buy, or nobody to buy it."""
        with Visitor(url) as visitor:
            return cls(url, visitor.goods(), visitor.customers())

    def visit(self) -> Visitor:
        return Visitor(self.url)


@dataclass
class Visitor:
    """One visit: a cookie of its own. Waits where the shop asks for less haste."""

    url: str
    _client: httpx.Client = field(init=False, repr=False)
    _forms: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=self.url, timeout=30, headers=_AGENT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def goods(self) -> list[Goods]:
        """All that the shop lists and has. Raises SimulationError when there is nothing."""
        found: list[Goods] = []
        cursor: dict[str, str] = {}
        while True:
            page = self._ask("GET", "/api/v1/products", params={"limit": "500", **cursor}).json()
            found += [
                Goods(
                    one["product_code"], one["product_name"], one["product_line"], Decimal(one["price"]),
                    int(one["quantity_in_stock"]),
                )
                for one in page["products"]
            ]  # fmt: skip
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        if not found:
            raise SimulationError(f"The shop at {self.url} lists no product. Load a source with `retail load-source`.")
        return found

    def customers(self) -> list[int]:
        """Who may sign in, as the shop's first page of them says. Raises SimulationError when nobody may."""
        page = self._page("/sign-in")
        found = [int(number) for number in re.findall(r'name="customer_number" value="(\d+)"', page)]
        if not found:
            raise SimulationError(f"The shop at {self.url} knows no customer. Load one with `retail load-source`.")
        return found

    def sign_in(self, customer: int) -> None:
        self._page("/sign-in")
        self._send("/sign-in", customer_number=str(customer))

    def look_at(self, code: str) -> None:
        self._page(f"/products/{code}")

    def put_into_cart(self, code: str, quantity: int) -> None:
        self._send("/cart", code=code, quantity=str(quantity))

    def empty_cart(self, codes: Mapping[str, int]) -> None:
        for code in codes:
            self._send("/cart/lines", code=code, quantity="0")

    def check_out(self, *, forms: int = 1) -> tuple[int, Decimal]:
        """Order what is in the cart: the order's number, and the total that the shop showed.

        forms: how often the same form is sent, as by a shopper who clicks twice. Raises OrderRefused.
        """
        self._page("/checkout")
        token, total = self._forms["token"], self._forms["total"]
        numbers = {self._ordered(token, total) for _ in range(forms)}
        if len(numbers) != 1:
            raise SimulationError(f"One checkout form sent {forms} times became the orders {sorted(numbers)}.")
        return numbers.pop(), Decimal(total)

    def _ordered(self, token: str, total: str) -> int:
        answer = self._ask("POST", "/checkout", data=self._form(token=token, total=total))
        placed = re.search(r"placed=(\d+)", answer.headers.get("location", ""))
        if placed is None:
            raise OrderRefused(answer.text)
        return int(placed[1])

    def _send(self, path: str, **fields: str) -> None:
        answer = self._ask("POST", path, data=self._form(**fields))
        if answer.status_code != HTTPStatus.SEE_OTHER:
            raise SimulationError(f"{self.url}{path} answered {answer.status_code} to a form with {fields}.")

    def _form(self, **fields: str) -> dict[str, str]:
        return {"csrf": self._forms.get("csrf", ""), **fields}

    def _page(self, path: str) -> str:
        """A page, whose forms are remembered."""
        answer = self._ask("GET", path)
        if answer.status_code != HTTPStatus.OK:
            raise SimulationError(f"{self.url}{path} answered {answer.status_code}. See {self.url}/operations.")
        self._forms = dict(_FORM.findall(answer.text))
        return answer.text

    def _ask(self, method: str, path: str, **content: dict[str, str]) -> httpx.Response:
        """Raises SimulationError when the shop does not answer, or wants to be left alone for too long."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = self._client.request(method, path, **content)  # type: ignore[arg-type]
            except httpx.TransportError as problem:
                raise SimulationError(f"The shop at {self.url} does not answer: {problem!r}. Is it deployed?") from None
            if answer.status_code not in _TOO_MANY:
                return answer
            if time.monotonic() > until:
                raise SimulationError(
                    f"The shop at {self.url} answered {answer.status_code} for {_PATIENCE:.0f} s. Simulate fewer "
                    "orders a day, or let the firewall admit more requests of one client."
                )
            time.sleep(float(answer.headers.get("retry-after", _PAUSE)))
