"""What is kept in memory is never another visitor's, never of another catalogue, and spares sending it again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shop_world import Page, Shopper, SourceServer
from starlette.requests import Request
from storefront import frames
from storefront.main import create_app
from storefront.middleware.kept_answers import KeptAnswers, keep_for_strangers
from storefront.services.catalogue import Catalogue
from storefront.shop import Shop

CATALOGUE = "/products?line=Classic%20Cars"


def customer_named(source: SourceServer, shopper: Shopper, name: str) -> Shopper:
    source.ask("UPDATE customers SET customerName = %s WHERE customerNumber = 112", name)
    return shopper.sign_in(112)


@pytest.mark.parametrize("path", ["/", CATALOGUE])
def test_who_only_looks_around_gets_no_cookie_and_the_next_one_the_same_page(app: Any, path: str) -> None:
    first, second = (Shopper(app).http.get(path) for _ in range(2))
    assert "set-cookie" not in first.headers
    assert "set-cookie" not in second.headers
    assert first.text == second.text
    assert (first.headers["etag"], first.headers["cache-control"]) == (second.headers["etag"], "private, no-cache")
    assert "Cookie" in first.headers["vary"]


def test_a_page_that_the_browser_has_is_not_sent_again(app: Any) -> None:
    etag = Shopper(app).http.get(CATALOGUE).headers["etag"]
    again = Shopper(app).http.get(CATALOGUE, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"]
    other = Shopper(app).http.get(CATALOGUE, headers={"if-none-match": '"another"'})
    assert other.status_code == 200


@pytest.mark.parametrize("path", ["/", CATALOGUE, "/products/S10_1"])
def test_whoever_has_a_visit_sees_the_own_cart_and_name_and_nobody_elses(
    app: Any, shop: Shop, source: SourceServer, path: str
) -> None:
    """In every order: before and after others have been there, who have a cart, a name, both or nothing."""
    stranger = Shopper(app)
    assert "Cart (0)" in stranger.http.get(path).text
    ann = Shopper(app).sign_in(103).put("S10_1")
    bob = customer_named(source, Shopper(app), "Bob & <b>Sons</b>").put("S10_1").put("S10_2")
    cartful = Shopper(app).put("S10_2")
    for _ in range(2):
        seen = {name: one.http.get(path).text for name, one in
                {"ann": ann, "bob": bob, "cartful": cartful, "stranger": Shopper(app)}.items()}  # fmt: skip
        assert ("Signed in as Atelier graphique" in seen["ann"], "Cart (1)" in seen["ann"]) == (True, True)
        assert "Signed in as Bob &amp; &lt;b&gt;Sons&lt;/b&gt;" in seen["bob"]
        assert "Cart (2)" in seen["bob"]
        assert ("Cart (1)" in seen["cartful"], "Signed in" in seen["cartful"]) == (True, False)
        assert ("Cart (0)" in seen["stranger"], "Signed in" in seen["stranger"]) == (True, False)


def test_form_tokens_are_each_visits_own_and_work(app: Any) -> None:
    shoppers = [Shopper(app).sign_in(103) for _ in range(2)] + [Shopper(app) for _ in range(2)]
    tokens = [one.get("/products/S10_1").fields["csrf"] for one in shoppers]
    assert len(set(tokens)) == len(tokens)
    for one, token in zip(shoppers, tokens, strict=True):
        assert one.http.post("/cart", data={"csrf": token, "code": "S10_1"}).url.path == "/cart"


def test_no_page_holds_an_unfilled_place(app: Any) -> None:
    for shopper in (Shopper(app), Shopper(app).sign_in().put("S10_1")):
        for path in ("/", CATALOGUE, "/products/S10_1", "/cart", "/products?q=%00"):
            assert frames._MARK not in shopper.http.get(path).text


def test_a_look_at_a_kept_product_page_is_an_event_all_the_same(app: Any, shop: Shop) -> None:
    for shopper in (Shopper(app), Shopper(app), Shopper(app).sign_in()):
        shopper.get("/products/S10_1")
    events = list(shop.events._waiting)
    assert len({event.session_id for event in events}) == 3
    assert [event.customer_number for event in events] == [None, None, 103]


@pytest.mark.parametrize("path", [CATALOGUE, "/products/S10_1", "/"])
def test_another_catalogue_is_shown_at_once(app: Any, shop: Shop, source: SourceServer, path: str) -> None:
    visitor = Shopper(app).put("S10_2")
    etag = Shopper(app).http.get(path).headers.get("etag", "none")
    assert "$99.90" in visitor.http.get(path).text
    source.ask("UPDATE products SET MSRP = 88.88 WHERE productCode = 'S10_1'")
    assert shop.shelves.refresh()
    for shopper in (visitor, Shopper(app)):
        answer = shopper.http.get(path, headers={"if-none-match": etag})
        assert (answer.status_code, "$88.88" in answer.text, "$99.90" in answer.text) == (200, True, False)


def test_a_catalogue_that_has_not_changed_stays_the_same_one(shop: Shop, source: SourceServer) -> None:
    before = shop.catalogue
    assert shop.shelves.refresh()
    assert shop.catalogue is before
    source.ask("UPDATE products SET quantityInStock = 6 WHERE productCode = 'S10_2'")
    assert shop.shelves.refresh()
    assert shop.catalogue.by_code["S10_2"].stock == 6
    assert shop.catalogue.by_code["S10_1"] is before.by_code["S10_1"]


def test_pages_that_are_somebodys_own_are_not_kept_by_browsers(shopper: Shopper) -> None:
    shopper.sign_in().put("S10_1")
    for path in ("/", CATALOGUE, "/products/S10_1", "/cart", "/checkout", "/orders", "/operations"):
        headers = shopper.http.get(path).headers
        assert (headers["cache-control"], "etag" in headers) == ("no-store", False), path


def test_urls_that_name_their_content_are_kept_for_a_year_and_others_asked_for_again(app: Any) -> None:
    references = Shopper(app).get("/products/S10_1").references
    named = [one for one in references if "?v=" in one]
    assert len([one for one in named if "picture.svg" in one]) == 2  # the product, and the one that is like it
    assert len([one for one in named if one.startswith("/static/")]) == 3
    for path in named:
        answer = Shopper(app).http.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert "set-cookie" not in answer.headers
        for other in (path.partition("?")[0], path[:-1]):
            assert Shopper(app).http.get(other).headers["cache-control"] == "public, no-cache"


def test_a_product_that_is_renamed_has_a_picture_of_another_url(shop: Shop, app: Any, source: SourceServer) -> None:
    def picture() -> str:
        return next(one for one in Shopper(app).get("/products/S10_1").references if "S10_1/picture" in one)

    before = picture()
    source.ask("UPDATE products SET productName = 'Alpine' WHERE productCode = 'S10_1'")
    assert shop.shelves.refresh()
    assert picture() != before
    assert "Alpine" in Page(Shopper(app).http.get(picture()).text).text


def test_a_search_of_a_thousand_kinds_does_not_fill_the_memory(app: Any) -> None:
    kept = KeptAnswers(None, cookie="visit", version=lambda: None)  # type: ignore[arg-type]
    kept.app = _long_page
    for number in range(3_000):
        asyncio.run(_ask(kept, f"q={number}".encode()))
    assert len(kept._kept) <= 2_000
    assert kept._bytes == sum(len(one.body) for one in kept._kept.values()) <= 32 * 1024 * 1024


async def _long_page(scope: Any, _: Any, send: Any) -> None:
    keep_for_strangers(Request(scope), 60)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * 20_000})


async def _ask(app: Any, query: bytes) -> None:
    async def send(_: Any) -> None:
        return

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": query, "headers": []}
    await app(scope, None, send)


def test_an_error_is_never_kept(shop: Shop) -> None:
    shop.shelves.catalogue = Catalogue()
    app = create_app(shop)
    assert Shopper(app).http.get("/products/S10_1/picture.svg").status_code == 503
    assert shop.shelves.refresh()
    assert Shopper(app).http.get("/products/S10_1/picture.svg").status_code == 200
