"""The pages as people and programs meet them: structure, search, empty states, pictures, health, metrics."""

from __future__ import annotations

import json
import logging
from xml.etree import ElementTree

import pytest
from shop_world import BEARER, Page, Shopper, SourceServer
from storefront.observability import JsonLines
from storefront.services.pictures import picture
from storefront.shop import Shop

PAGES = ("/", "/products", "/products?q=nowhere", "/products/S10_1", "/products/S18_3", "/cart", "/checkout",
         "/orders", "/operations", "/sign-in", "/sign-in?name=nobody")  # fmt: skip


@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_a_page_has_a_title_one_heading_labels_and_nothing_from_elsewhere(shopper: Shopper, path: str) -> None:
    shopper.sign_in().put("S10_1")
    page = Page(shopper.http.get(path).text)
    assert page.title.strip(" ·")
    assert page.tags.count("h1") == 1
    assert page.tags.count("main") == 1
    assert ("html", "lang", "en") in page.attributes
    assert {control.get("id") for control in page.controls} <= page.labelled
    assert all(reference.startswith(("/", "#")) for reference in page.references)
    assert not [tag for tag, name, _ in page.attributes if name == "style" or (tag == "img" and name == "onerror")]
    images = page.tags.count("img")
    assert len([1 for tag, name, _ in page.attributes if (tag, name) == ("img", "alt")]) == images


def test_every_link_of_the_shop_leads_somewhere(shopper: Shopper) -> None:
    seen, waiting = set(), ["/"]
    while waiting:
        path = waiting.pop().partition("#")[0]
        if path and path not in seen and path != "/sign-out":
            seen.add(path)
            answer = shopper.http.get(path)
            assert answer.status_code == 200 or path in ("/cart/lines",), path
            if "html" in answer.headers["content-type"]:
                waiting += Page(answer.text).references
    kept = {path.partition("?v=")[0] for path in seen if "?v=" in path}
    assert {"/products/S10_1/picture.svg", "/static/shop.css", "/static/shop.js", "/static/icon.svg"} <= kept
    assert {"/products/S10_1", "/operations"} <= seen


def test_search_finds_all_words_and_a_line_filters(shopper: Shopper) -> None:
    assert "1 product<" in shopper.get("/products?q=FORD+falcon").text
    assert "2 products" in shopper.get("/products?line=Classic+Cars").text
    assert "Nothing matches" in shopper.get("/products?q=ford&line=Planes").text


def test_a_long_catalogue_is_shown_in_pages(shopper: Shopper, shop: Shop, source: SourceServer) -> None:
    for number in range(30):
        source.ask(
            "INSERT INTO products VALUES (%s, %s, 'Planes', '1:72', 'Gear', '', 1, 1.00, 2.00, NOW(6))",
            f"P{number}", f"Zeppelin {number:02}",
        )  # fmt: skip
    shop.shelves.refresh()
    first, second = shopper.get("/products?q=zeppelin"), shopper.get("/products?q=zeppelin&page=2")
    assert ("Page 1 of 2" in first.text, "Page 2 of 2" in second.text) == (True, True)
    assert ("Zeppelin 23" in first.text, "Zeppelin 24" in first.text) == (True, False)
    assert "Zeppelin 29" in second.text
    assert "Page 2 of 2" in shopper.get("/products?q=zeppelin&page=99").text


def test_the_pages_of_a_customer_ask_to_sign_in_first(shopper: Shopper) -> None:
    for path in ("/orders", "/checkout"):
        assert shopper.http.get(path).url.path == "/sign-in"


def test_a_customer_sees_the_own_orders_only(shopper: Shopper) -> None:
    text = shopper.sign_in(103).get("/orders?placed=10101").text
    assert "Order 10100" in text
    assert "10101" not in text


def test_a_shop_that_never_read_its_catalogue_says_so(shopper: Shopper, shop: Shop) -> None:
    shop.shelves.catalogue = type(shop.catalogue)()
    assert "being filled" in shopper.get("/").text
    assert "being filled" in shopper.get("/products").text
    assert shopper.http.get("/products/S10_1").status_code == 503


def test_pictures_are_the_same_for_the_same_code_and_differ_between_codes() -> None:
    lines = ["Classic Cars", "Planes", "Ships", "Trains", "Motorcycles", "Trucks and Buses", "Anything <else>"]
    drawn = [picture(f"S{number}", line, "A <name> & more") for number, line in enumerate(lines)]
    assert drawn == [picture(f"S{number}", line, "A <name> & more") for number, line in enumerate(lines)]
    assert len(set(drawn)) == len(lines)
    assert {ElementTree.fromstring(one)[0].text for one in drawn} == {"A <name> & more"}  # noqa: S314 - our own text


def test_health_is_the_process_and_readiness_is_the_database(shopper: Shopper) -> None:
    assert shopper.http.get("/healthz").json() == {"status": "ok"}
    assert shopper.http.get("/readyz").json()["checks"]["database"] == "ok"


def test_metrics_count_by_route_and_not_by_path(shopper: Shopper) -> None:
    shopper.get("/products/S10_1")
    shopper.http.get("/no/such/path")
    shopper.http.request("BREW", "/cart")
    text = shopper.http.get("/metrics", headers=BEARER).text
    assert 'storefront_requests_total{method="GET",route="/products/{code}",status="200"} 1.0' in text
    assert 'route="unknown",status="404"' in text
    assert 'method="-",route="/cart",status="405"' in text
    assert "S10_1" not in text
    assert "storefront_browse_events_waiting 1.0" in text


def test_a_log_line_is_one_json_object_with_the_request(shopper: Shopper, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="storefront"):
        shopper.get("/products/S10_1")
    record = next(record for record in caplog.records if record.message == "request")
    line = json.loads(JsonLines().format(record))
    assert (line["method"], line["route"], line["status"]) == ("GET", "/products/{code}", 200)
