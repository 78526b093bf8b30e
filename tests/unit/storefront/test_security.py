"""What strangers try: other sites' forms, markup and SQL in fields, bodies and numbers that are too large, floods."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from itsdangerous import TimestampSigner
from shop_world import BEARER, TABLES, Page, Shopper, SourceServer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from storefront.deps import own_form
from storefront.errors import RequestRefusedError
from storefront.main import ROUTERS, create_app
from storefront.middleware.limits import BodyLimit
from storefront.services.customers import Customer
from storefront.shop import Shop
from storefront.visit import CART_LINES, HISTORY, Visit

SCRIPT = "<script>alert(1)</script>\"'><img onerror=alert(1)>"


@pytest.mark.parametrize("path", ["/cart", "/cart/lines", "/checkout", "/sign-in", "/sign-out"])
def test_a_form_without_the_visits_token_changes_nothing(shopper: Shopper, path: str) -> None:
    shopper.sign_in().put("S10_1")
    form = {"code": "S10_1", "quantity": 7, "customer_number": 112, "token": "x" * 20, "total": "99.90"}
    for csrf in ({}, {"csrf": ""}, {"csrf": "guessed"}, {"csrf": "ü"}):
        assert shopper.http.post(path, data=form | csrf).status_code == 403
    assert 'value="99.90"' in shopper.get("/checkout").text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://shop.example.evil.example", "http://["])
def test_a_form_of_another_site_is_refused_even_with_the_token(shopper: Shopper, origin: str) -> None:
    csrf = shopper.get("/sign-in").fields["csrf"]
    form = {"csrf": csrf, "code": "S10_1", "quantity": "1"}
    assert shopper.http.post("/cart", data=form, headers={"origin": origin}).status_code == 403
    assert "Nothing in it yet" in shopper.get("/cart").text
    own = shopper.http.post("/cart", data=form, headers={"origin": "https://shop.example"})
    assert own.status_code == 200


def test_every_form_of_the_shop_asks_for_the_token() -> None:
    """Also those of routes that somebody adds."""
    routes = [route for module in ROUTERS for route in module.router.routes if isinstance(route, APIRoute)]
    forms = [route for route in routes if route.methods != {"GET"}]
    assert len(forms) >= 5
    assert not [route.path for route in forms if own_form not in [one.dependency for one in route.dependencies]]


def test_another_visits_token_is_no_good(shopper: Shopper, app: Any) -> None:
    other = Shopper(app).get("/sign-in").fields["csrf"]
    assert shopper.http.post("/cart", data={"code": "S10_1", "csrf": other}).status_code == 403


def test_a_cookie_that_was_tampered_with_is_an_empty_visit(shopper: Shopper) -> None:
    shopper.sign_in().put("S10_1")
    cookie = shopper.http.cookies["visit"]
    shopper.http.cookies.clear()
    shopper.http.cookies.set("visit", "x" + cookie[1:])
    assert "Nothing in it yet" in shopper.get("/cart").text


def test_signing_in_begins_a_new_session(shopper: Shopper) -> None:
    before = shopper.get("/sign-in").fields["csrf"]
    shopper.sign_in()
    assert shopper.get("/sign-in").fields["csrf"] != before


def test_the_cookie_is_for_this_site_over_tls_and_not_for_scripts(shopper: Shopper, app: Any) -> None:
    cookie = shopper.http.get("/sign-in").headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "secure", "samesite=lax"))
    plain = Shopper(app).http.get("http://shop.example/sign-in").headers
    assert "secure" not in plain["set-cookie"].lower()
    assert "strict-transport-security" not in plain


def test_every_page_carries_the_security_headers(shopper: Shopper) -> None:
    for path in ("/", "/nowhere", "/static/shop.css", "/products/S10_1/picture.svg", "/api/v1/products"):
        headers = shopper.http.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"]
        assert headers["x-request-id"]


@pytest.mark.parametrize("path", ["/products?q={}", "/products?line={}", "/sign-in?name={}"])
def test_markup_in_a_query_is_shown_as_text(shopper: Shopper, path: str) -> None:
    page = shopper.get(path.format(SCRIPT.replace("&", "%26").replace("#", "%23")))
    assert "<script>alert" not in page.text
    assert page.tags.count("script") == 1
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


def test_markup_in_the_names_of_products_and_customers_is_shown_as_text(
    shopper: Shopper, shop: Shop, source: SourceServer
) -> None:
    """The database is others' too: what they write there is no part of our pages."""
    source.ask("UPDATE products SET productName = %s, productLine = 'Planes', productVendor = %s", SCRIPT, SCRIPT)
    source.ask("UPDATE customers SET customerName = %s, city = %s", SCRIPT[:50], SCRIPT[:50])
    assert shop.shelves.refresh()
    shopper.sign_in().put("S10_1")
    for path in ("/", "/products", "/products/S10_1", "/cart", "/checkout", "/orders", "/sign-in", "/operations"):
        page = shopper.get(path)
        assert ("<script>alert" in page.text, page.tags.count("script")) == (False, 1), path
        assert not [name for _, name, _ in page.attributes if name.startswith("on")], path
    drawn = shopper.http.get("/products/S10_1/picture.svg").text
    assert ("<script" in drawn, "&lt;script&gt;" in drawn) == (False, True)


def test_markup_in_an_orders_comments_and_in_the_catalogue_is_shown_as_text(shopper: Shopper) -> None:
    form = shopper.sign_in().put("S10_1").checkout_form()
    page = Page(shopper.http.post("/checkout", data=form | {"comments": SCRIPT}).text)
    assert "&lt;script&gt;alert(1)" in page.text
    assert "onerror" not in {name for _, name, _ in page.attributes}
    assert "Red &lt;b&gt;paint&lt;/b&gt;" in shopper.get("/products/S10_2").text


@pytest.mark.parametrize(
    "text", ["' OR '1'='1", "'; DROP TABLE orders; --", "%' UNION SELECT 1 -- ", "%", "_", "|", "\\", "\x00"]
)
def test_sql_in_a_field_is_only_text(shopper: Shopper, source: SourceServer, text: str) -> None:
    answer = shopper.http.get("/sign-in", params={"name": text})
    assert answer.status_code == 200
    assert "No customer has such a name" in answer.text
    assert "Nothing matches" in shopper.http.get("/products", params={"q": text + " nowhere"}).text
    assert shopper.post("/cart", code=text[:15], quantity=1).status_code == 404
    assert source.ask("SELECT COUNT(*) FROM orders") == [(3,)]


@pytest.mark.parametrize(
    "text", ["' OR '1'='1", "1; DROP TABLE orders", "1) UNION SELECT 1 -- ", "\\' OR 1=1 #", "\x00"]
)
def test_sql_in_any_input_changes_nothing(shopper: Shopper, source: SourceServer, text: str) -> None:
    """Every field of every form and query; what is not refused is text."""
    form = shopper.sign_in().put("S10_1").checkout_form()
    before = [source.ask(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]
    for path, fields in (
        ("/cart", {"code": text, "quantity": text}),
        ("/cart/lines", {"code": text, "quantity": "1"}),
        ("/sign-in", {"customer_number": text}),
        ("/checkout", form | {"token": text}),
        ("/checkout", form | {"total": text}),
    ):
        assert shopper.http.post(path, data={"csrf": form["csrf"]} | fields).status_code in (200, 403, 409, 422), path
    for path, query in (
        ("/products", {"q": text}), ("/products", {"line": text}), ("/products", {"page": text}),
        ("/orders", {"placed": text}), ("/sign-in", {"name": text}), ("/api/v1/products", {"cursor": text}),
        ("/api/v1/transactions", {"cursor": text, "limit": text}),
    ):  # fmt: skip
        assert shopper.http.get(path, params=query, headers=BEARER).status_code in (200, 422), path
    assert shopper.http.get(f"/products/{quote(text, safe='')}").status_code == 404
    assert [source.ask(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES] == before
    placed = shopper.http.post("/checkout", data=form | {"comments": text})
    assert "is placed" in placed.text
    assert source.ask("SELECT comments FROM orders WHERE orderNumber = 10103") == [(text.strip(),)]


@pytest.mark.parametrize("size", [40_000, 10_000_000])
def test_a_body_that_is_too_large_is_refused(shopper: Shopper, size: int) -> None:
    answer = shopper.http.post("/cart", data={"code": "x" * size})
    assert answer.status_code == 413
    assert Page(answer.text).tags.count("h1") == 1


def test_a_body_of_unknown_length_is_refused_too(shopper: Shopper) -> None:
    chunks = (b"x" * 10_000 for _ in range(1000))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert shopper.http.post("/cart", content=chunks, headers=headers).status_code == 413


@pytest.mark.parametrize("size", [b"40000", b"10000000", b"1" * 5000, b"-1", b"x"])
def test_a_body_that_is_announced_too_large_is_never_read(size: bytes) -> None:
    sent: list[dict[str, Any]] = []

    async def unread(*_: Any) -> dict[str, Any]:
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    limited = BodyLimit(unread, most=32_768)
    scope = {"type": "http", "method": "POST", "path": "/cart", "headers": [(b"content-length", size)]}
    asyncio.run(limited(scope, unread, send))
    assert (sent[0]["status"], (b"connection", b"close") in sent[0]["headers"]) == (413, True)


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x; charset=unicode_escape", "application/json"])
def test_what_is_no_form_is_refused(shopper: Shopper, kind: str) -> None:
    answer = shopper.http.post("/cart", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415
    assert Page(answer.text).tags.count("h1") == 1


@pytest.mark.parametrize("quantity", ["0", "-1", "501", "1e9", "NaN", "9" * 400, "1.5"])
def test_a_quantity_out_of_bounds_is_refused(shopper: Shopper, quantity: str) -> None:
    assert shopper.post("/cart", code="S10_1", quantity=quantity).status_code == 422
    assert "Nothing in it yet" in shopper.get("/cart").text


def test_a_cart_has_room_for_so_much_only(shopper: Shopper) -> None:
    shopper.put("S10_1", 500)
    refused = shopper.post("/cart", code="S10_1", quantity=1)
    assert refused.status_code == 422
    assert "At most 500 of one product" in refused.text


@pytest.mark.parametrize(
    "path", ["/products?page=0", "/products?page=x", "/orders?placed=x", f"/products?q={'x' * 81}"]
)
def test_a_query_that_makes_no_sense_is_refused_with_a_page(shopper: Shopper, path: str) -> None:
    shopper.sign_in()
    answer = shopper.http.get(path)
    assert answer.status_code == 422
    assert Page(answer.text).tags.count("h1") == 1


def test_a_flood_is_slowed_down_but_never_the_health_check(shop: Shop) -> None:
    shop.settings = replace(shop.settings, rate_limit_per_minute=60)
    shopper = Shopper(create_app(shop))
    statuses = [shopper.http.get("/cart").status_code for _ in range(12)]
    assert statuses[:10] == [200] * 10
    refused = shopper.http.get("/cart")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    assert shopper.http.get("/healthz").status_code == 200


def behind_load_balancer(shop: Shop) -> Shopper:
    shop.settings = replace(shop.settings, rate_limit_per_minute=60, behind_load_balancer=True)
    return Shopper(create_app(shop))


def test_a_client_who_writes_other_addresses_is_still_one_client(shop: Shop) -> None:
    """The load balancer appends what it saw itself."""
    http = behind_load_balancer(shop).http
    forged = [{"x-forwarded-for": f"10.0.0.{n}, 203.0.113.7"} for n in range(30)]
    statuses = [http.get("/cart", headers=headers).status_code for headers in forged]
    assert statuses[:10] == [200] * 10
    assert 429 in statuses[10:]
    assert http.get("/cart", headers={"x-forwarded-for": "203.0.113.7, 203.0.113.8"}).status_code == 200


def test_what_stands_in_a_second_header_is_the_load_balancers(shop: Shop) -> None:
    http = behind_load_balancer(shop).http
    headers = [[("x-forwarded-for", f"10.0.0.{n}"), ("x-forwarded-for", "203.0.113.7")] for n in range(30)]
    assert 429 in [http.get("/cart", headers=one).status_code for one in headers]


def test_the_load_balancer_says_whether_the_shopper_came_by_tls(shop: Shop) -> None:
    http = behind_load_balancer(shop).http
    secure = http.get("http://shop.example/sign-in", headers={"x-forwarded-proto": "https"})
    assert "secure" in secure.headers["set-cookie"].lower()
    assert secure.headers["strict-transport-security"]
    plain = http.get("https://shop.example/healthz", headers={"x-forwarded-proto": "http"})
    assert "strict-transport-security" not in plain.headers


def test_without_a_load_balancer_its_headers_are_what_anybody_may_write(shop: Shop) -> None:
    shop.settings = replace(shop.settings, rate_limit_per_minute=60)
    http = Shopper(create_app(shop)).http
    headers = [{"x-forwarded-for": f"203.0.113.{n}", "x-forwarded-proto": "http"} for n in range(30)]
    answers = [http.get("/cart", headers=one) for one in headers]
    assert 429 in [answer.status_code for answer in answers]
    assert answers[0].headers["strict-transport-security"]


def test_an_id_that_is_no_sane_token_is_not_taken_over(shopper: Shopper) -> None:
    for given in ("short", "with space in it", "x" * 200, "<script>alert</script>"):
        assert shopper.http.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"] != given


def test_what_nobody_caught_is_a_page_without_details(
    shopper: Shopper, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.shelves, "catalogue", None)
    answer = shopper.http.get("/")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "NoneType" not in answer.text
    assert answer.headers["content-security-policy"]


def test_a_client_that_never_ends_its_body_is_let_go() -> None:
    sent: list[dict[str, Any]] = []

    async def endless() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def reading(scope: dict[str, Any], receive: Any, _: Any) -> None:
        await Request(scope, receive).body()

    limited = BodyLimit(reading, most=100, seconds=0.05)
    scope = {"type": "http", "method": "POST", "path": "/cart", "headers": [(b"content-length", b"10")]}
    with pytest.raises(HTTPException) as late:
        asyncio.run(limited(scope, endless, send))
    assert late.value.status_code == 408


def test_the_fullest_visit_fits_into_a_cookie() -> None:
    session: dict[str, Any] = {}
    visit = Visit(session)
    visit.sign_in(Customer(2**31 - 1, "Ü" * 50, "Ü" * 50, "United Kingdom", 99999999.99))
    for number in range(HISTORY):
        visit.look_at(f"S{number:014}")
    for number in range(CART_LINES):
        visit.set_line(f"T{number:014}", 500, Decimal("99999.99"))
    assert visit.checkout_token
    signed = TimestampSigner("a key").sign(b64encode(json.dumps(session).encode()))
    assert len(signed) < 4_000
    with pytest.raises(RequestRefusedError, match="At most 20 products"):
        visit.set_line("one more", 1, Decimal("1.00"))
