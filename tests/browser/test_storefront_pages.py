"""The shop's pages for everybody: nothing wrong for a checker of accessibility, on a desk, on a phone, by keyboard."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from shop_page import DESK, PHONE, Shopper
from support import LocalAws

pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module", params=[DESK, PHONE], ids=["desk", "phone"])
def shopper(request: pytest.FixtureRequest, applied: LocalAws, browser: Browser) -> Shopper:
    """Signed in, with something in the cart and an order behind."""
    code, name = applied.source_sql(
        "SELECT productCode, customerName FROM products, customers WHERE quantityInStock > 50 LIMIT 1"
    )[0]
    shopper = Shopper.visiting(browser, applied.env["STOREFRONT_URL"], request.param)
    shopper.sign_in(name)
    shopper.buy(code, 1)
    shopper.check_out("")
    shopper.buy(code, 2)
    return shopper


@pytest.fixture(scope="module")
def product(applied: LocalAws) -> str:
    return f"/products/{applied.source_sql('SELECT MIN(productCode) FROM products')[0][0]}"


@pytest.mark.parametrize(
    "path",
    "/ /products /products?q=car&page=2 /products?q=zzzz PRODUCT /cart /checkout /orders /sign-in /operations".split(),
)
def test_a_page_fits_its_screen_and_an_accessibility_checker_finds_nothing(
    shopper: Shopper, product: str, path: str
) -> None:
    shopper.complaints.clear()
    page = shopper.go(path.replace("PRODUCT", product))
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert not shopper.complaints


def test_a_page_that_is_not_there_says_where_to_go(shopper: Shopper) -> None:
    page = shopper.go("/products/no-such-thing")
    assert "catalogue" in page.inner_text("main")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_keyboard_is_enough_to_buy(applied: LocalAws, browser: Browser, product: str) -> None:
    """Tab, type and Enter: past the header by the skip link, to the button, into the cart."""
    page = Shopper.visiting(browser, applied.env["STOREFRONT_URL"], DESK).go(product)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Put into the cart":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "nobody sees where the focus is"
    page.keyboard.press("Enter")
    page.wait_for_url("**/cart")
    assert page.locator("main ul.rows li").count() == 1
