"""Orders: all or nothing, once per form, at the server's prices, and never more than there is."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pymysql.connections import Connection
from pymysql.err import OperationalError
from shop_world import Page, Shopper, SourceServer
from storefront.errors import StockShortError
from storefront.services.checkout import Line, Purchase, Receipt, place_order
from storefront.shop import Shop

TODAY = date(2026, 3, 1)


def lines_of(source: SourceServer, number: int) -> list[tuple[Any, ...]]:
    return source.ask(
        "SELECT productCode, quantityOrdered, priceEach, orderLineNumber FROM orderdetails "
        "WHERE orderNumber = %s ORDER BY orderLineNumber",
        number,
    )


def stock(source: SourceServer, code: str) -> int:
    return int(source.ask("SELECT quantityInStock FROM products WHERE productCode = %s", code)[0][0])


def orders(source: SourceServer) -> int:
    return int(source.ask("SELECT COUNT(*) FROM orders")[0][0])


def test_an_order_is_its_row_its_lines_and_the_stock_that_is_gone(shop: Shop, source: SourceServer) -> None:
    wanted = [Line("S10_2", 3, Decimal("120.00")), Line("S10_1", 2, Decimal("99.90"))]
    receipt = place_order(shop.database, Purchase("a-form-of-its-own", 103, wanted, "Ring twice"), TODAY)
    assert receipt == Receipt(10103)
    assert source.ask(
        "SELECT orderDate, requiredDate, shippedDate, status, comments, customerNumber FROM orders "
        "WHERE orderNumber = 10103"
    ) == [(TODAY, date(2026, 3, 8), None, "In Process", "Ring twice", 103)]
    assert lines_of(source, 10103) == [("S10_2", 3, Decimal("120.00"), 1), ("S10_1", 2, Decimal("99.90"), 2)]
    assert (stock(source, "S10_1"), stock(source, "S10_2")) == (98, 4)


def test_fifty_buyers_at_once_never_buy_more_than_there_is(shop: Shop, source: SourceServer) -> None:
    """Seven falcons, fifty buyers of one each, who want an alpine too, in either order."""

    def buy(buyer: int) -> Receipt | None:
        wanted = [Line("S10_2", 1, Decimal("120.00")), Line("S10_1", 1, Decimal("99.90"))]
        wanted = wanted if buyer % 2 else wanted[::-1]
        try:
            return place_order(shop.database, Purchase(f"form-of-buyer-{buyer}", 103, wanted), TODAY)
        except StockShortError:
            return None

    with ThreadPoolExecutor(50) as crowd:
        receipts = [receipt for receipt in crowd.map(buy, range(50)) if receipt]
    assert len({receipt.order_number for receipt in receipts}) == 7
    assert (stock(source, "S10_2"), stock(source, "S10_1")) == (0, 93)
    assert orders(source) == 3 + 7
    assert source.ask("SELECT COUNT(*), MIN(orderNumber) FROM storefront_checkouts") == [(7, 10103)]


def test_two_buyers_of_the_last_ones_get_an_order_or_a_reason(shop: Shop, source: SourceServer) -> None:
    with pytest.raises(StockShortError) as short:
        place_order(shop.database, Purchase("too-many", 103, [Line("S10_2", 8, Decimal("120.00"))]), TODAY)
    assert short.value.available == {"S10_2": 7}
    assert (orders(source), stock(source, "S10_2")) == (3, 7)
    assert source.ask("SELECT * FROM storefront_checkouts") == []


def test_one_form_sent_ten_times_at_once_is_one_order(shop: Shop, source: SourceServer) -> None:
    purchase = Purchase("the-very-same-form", 103, [Line("S10_1", 2, Decimal("99.90"))])
    with ThreadPoolExecutor(10) as impatient:
        receipts = list(impatient.map(lambda _: place_order(shop.database, purchase, TODAY), range(10)))
    assert Counter(receipts) == {Receipt(10103): 1, Receipt(10103, repeated=True): 9}
    assert stock(source, "S10_1") == 98


def test_a_number_that_another_writer_took_is_not_given_again(shop: Shop, source: SourceServer) -> None:
    source.ask("INSERT INTO orders VALUES (20000, '2026-01-01', '2026-01-02', NULL, 'On Hold', NULL, 112, NOW(6))")
    purchase = Purchase("after-another-writer", 103, [Line("S10_1", 1, Decimal("99.90"))])
    assert place_order(shop.database, purchase, TODAY) == Receipt(20001)


def test_the_shopper_orders_and_finds_the_order_in_the_history(shopper: Shopper, source: SourceServer) -> None:
    shopper.sign_in().put("S10_1", 2)
    answer = shopper.http.post("/checkout", data=shopper.checkout_form() | {"comments": "Soon"})
    assert answer.url.path == "/orders"
    assert "Order 10103 is placed" in answer.text
    assert "2 × " in answer.text
    assert lines_of(source, 10103) == [("S10_1", 2, Decimal("99.90"), 1)]
    assert "Nothing in it yet" in shopper.get("/cart").text


def test_a_form_sent_again_later_shows_its_order(shopper: Shopper, source: SourceServer) -> None:
    form = shopper.sign_in().put("S10_1").checkout_form()
    for _ in range(2):
        answer = shopper.http.post("/checkout", data=form)
        assert "Order 10103 is placed" in answer.text
    assert orders(source) == 4


def test_a_price_that_rose_since_is_shown_and_must_be_confirmed(shopper: Shopper, source: SourceServer) -> None:
    form = shopper.sign_in().put("S10_1").checkout_form()
    source.ask("UPDATE products SET MSRP = 111.11 WHERE productCode = 'S10_1'")
    refused = shopper.http.post("/checkout", data=form)
    assert refused.status_code == 409
    assert "1952 Alpine Renault costs $111.11 now." in refused.text
    assert orders(source) == 3
    again = Page(refused.text).fields
    assert again["total"] == "111.11"
    confirmed = shopper.http.post("/checkout", data={name: again[name] for name in ("csrf", "token", "total")})
    assert "is placed" in confirmed.text
    assert lines_of(source, 10103) == [("S10_1", 1, Decimal("111.11"), 1)]


def test_a_price_in_the_form_is_not_believed(shopper: Shopper, source: SourceServer) -> None:
    form = shopper.sign_in().put("S10_1").checkout_form()
    refused = shopper.http.post("/checkout", data=form | {"total": "0.01", "price": "0.01"})
    assert refused.status_code == 409
    assert orders(source) == 3


def test_with_the_database_down_nothing_is_lost(shopper: Shopper, shop: Shop, source: SourceServer) -> None:
    form = shopper.sign_in().put("S10_1", 2).checkout_form()
    source.stop()
    try:
        assert shop.shelves.refresh() is False
        refused = shopper.http.post("/checkout", data=form)
        assert refused.status_code == 503
        assert "your cart stays as it is" in refused.text
        assert "1952 Alpine Renault" in shopper.get("/products?q=alpine").text
        assert "1952 Alpine Renault" in shopper.get("/cart").text
        assert shopper.http.get("/orders").status_code == 503
        assert shopper.http.get("/healthz").status_code == 200
        assert shopper.http.get("/readyz").status_code == 503
        assert "the log says why" in shopper.get("/operations").text
    finally:
        source.start()
    assert shop.shelves.refresh()
    assert "is placed" in shopper.http.post("/checkout", data=form).text


def test_a_database_that_dies_in_the_middle_of_an_order_loses_nothing(
    shopper: Shopper, shop: Shop, source: SourceServer
) -> None:
    """The order has taken its stock and waits for its number when the server is killed; sent again, it is one order."""
    form = shopper.sign_in().put("S10_1", 2).checkout_form()
    with ThreadPoolExecutor(1) as other, source.admin() as admin, admin.cursor() as cursor:
        admin.begin()
        cursor.execute("SELECT lastNumber FROM storefront_order_numbers WHERE id = 1 FOR UPDATE")
        answer, deadline = other.submit(shopper.http.post, "/checkout", data=form), time.monotonic() + 60
        while not source.ask("SELECT 1 FROM information_schema.innodb_lock_waits"):
            assert time.monotonic() < deadline, answer
            if answer.done():  # refused, as on a busy machine the database took too long
                answer = other.submit(shopper.http.post, "/checkout", data=form)
            time.sleep(0.2)  # the server looks again only when nobody has asked it for a tenth of a second
        source.kill()
        refused = answer.result()
    try:
        assert refused.status_code == 503
        assert "your cart stays as it is" in refused.text
        assert Page(refused.text).fields["token"] == form["token"]
    finally:
        source.start()
    assert (orders(source), stock(source, "S10_1")) == (3, 100)
    for _ in range(2):
        assert "Order 10103 is placed" in patient_checkout(shopper, form).text
    assert (orders(source), stock(source, "S10_1")) == (4, 98)


def test_an_order_whose_answer_was_lost_is_found_by_the_same_form(
    shopper: Shopper, source: SourceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit arrives, its answer does not."""
    form = shopper.sign_in().put("S10_1", 2).checkout_form()
    commit = Connection.commit

    def lost(connection: Connection[Any]) -> None:
        commit(connection)
        monkeypatch.setattr(Connection, "commit", commit)
        raise OperationalError(2013, "Lost connection to MySQL server during query")

    monkeypatch.setattr(Connection, "commit", lost)
    assert shopper.http.post("/checkout", data=form).status_code == 503
    assert "Order 10103 is placed" in patient_checkout(shopper, form).text
    assert (orders(source), stock(source, "S10_1")) == (4, 98)


def patient_checkout(shopper: Shopper, form: dict[str, str]) -> Any:
    """Sent again, as the page says, until the shop asks its database again."""
    while (answer := shopper.http.post("/checkout", data=form)).status_code == 503:
        time.sleep(0.1)
    return answer


def test_without_the_shops_own_tables_checkout_refuses(shopper: Shopper, source: SourceServer) -> None:
    form = shopper.sign_in().put("S10_1").checkout_form()
    source.ask("RENAME TABLE storefront_checkouts TO elsewhere")
    try:
        assert shopper.http.post("/checkout", data=form).status_code == 503
    finally:
        source.ask("RENAME TABLE elsewhere TO storefront_checkouts")
    assert orders(source) == 3


def test_a_customer_who_is_gone_is_asked_to_sign_in_again(shopper: Shopper, source: SourceServer) -> None:
    form = shopper.sign_in(112).put("S10_1").checkout_form()
    source.ask("DELETE FROM orderdetails WHERE orderNumber > 10100")
    source.ask("DELETE FROM orders WHERE customerNumber = 112")
    source.ask("DELETE FROM customers WHERE customerNumber = 112")
    refused = shopper.http.post("/checkout", data=form)
    assert (refused.status_code, "Sign in again" in refused.text) == (409, True)
    assert stock(source, "S10_1") == 100


def test_a_form_of_another_customer_is_no_way_to_an_order(shopper: Shopper, app: Any, source: SourceServer) -> None:
    form = shopper.sign_in(103).put("S10_1").checkout_form()
    shopper.http.post("/checkout", data=form)
    other = Shopper(app).sign_in(112).put("S10_1")
    refused = other.http.post("/checkout", data=other.checkout_form() | {"token": form["token"]})
    assert (refused.status_code, "10103" in refused.text) == (409, False)
    assert orders(source) == 4


def test_buyers_of_different_products_get_numbers_in_a_row(shop: Shop, source: SourceServer) -> None:
    for number in range(30):
        source.ask(
            "INSERT INTO products VALUES (%s, 'Zeppelin', 'Planes', '1:72', '', '', 1, 1, 2, NOW(6))", f"P{number}"
        )

    def buy(number: int) -> int:
        purchase = Purchase(f"form-of-buyer-{number}", 103, [Line(f"P{number}", 1, Decimal("2.00"))])
        return place_order(shop.database, purchase, TODAY).order_number

    with ThreadPoolExecutor(30) as crowd:
        assert sorted(crowd.map(buy, range(30))) == list(range(10103, 10133))
