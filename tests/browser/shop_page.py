"""The shop as a shopper meets it: through the load balancer, in a browser, by what is written on its controls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from playwright.sync_api import Browser, BrowserContext, Locator, Page

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@dataclass
class Shopper:
    """A browser of one shopper, and what its console had to say."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def visiting(cls, browser: Browser, url: str, viewport: dict[str, int]) -> Shopper:
        context: BrowserContext = browser.new_context(viewport=viewport)  # type: ignore[arg-type]
        shopper = cls(context.new_page(), url)
        shopper.page.on("console", lambda told: shopper._note(told.type, told.text))
        shopper.page.on("pageerror", lambda error: shopper.complaints.append(str(error)))
        shopper.page.on("requestfailed", lambda request: shopper._note_failure(request.url, request.failure or ""))
        return shopper

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _note_failure(self, url: str, why: str) -> None:
        """Not what the browser itself gave up, as a shopper who goes on has it do."""
        if "ERR_ABORTED" not in why:
            self.complaints.append(f"{url}: {why}")

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def sign_in(self, name: str) -> None:
        self.go("/sign-in")
        self.page.get_by_label("Customer's name").fill(name)
        self.page.get_by_role("button", name="Find").click()
        self.page.get_by_role("button", name=f"Sign in as {name}", exact=True).click()
        self.page.get_by_text(f"Signed in as {name}").wait_for()

    def shelf(self) -> list[str]:
        """Codes of the products on the page's first shelf, in order."""
        return codes_of(self.page.locator("ul.cards").first.locator("a[href^='/products/']"))

    def look_at(self, codes: Sequence[str]) -> None:
        for code in codes:
            self.go(f"/products/{code}")

    def buy(self, code: str, quantity: int) -> Decimal:
        """Put a product into the cart; returns its price."""
        self.go(f"/products/{code}")
        price = money(self.page.locator(".product .price").inner_text())
        self.page.get_by_label("Quantity").fill(str(quantity))
        self.page.get_by_role("button", name="Put into the cart").click()
        self.page.wait_for_url("**/cart")
        return price

    def check_out(self, comments: str) -> tuple[int, Decimal]:
        """Order what is in the cart; the order's number, and the total that the page showed."""
        self.go("/checkout")
        self.page.get_by_label("Comments on the order").fill(comments)
        button = self.page.get_by_role("button", name=re.compile("^Order for"))
        total = money(button.inner_text())
        button.click()
        thanks = self.page.get_by_role("status").inner_text()
        return int(re.search(r"Order (\d+) is placed", thanks).group(1)), total  # type: ignore[union-attr]


def codes_of(links: Locator) -> list[str]:
    return [str(link.get_attribute("href")).rpartition("/")[2] for link in links.all()]


def money(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.]", "", text))
