"""An instance of two processes: figures of both, and buyers at once."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest
from live_shop import LiveShop, live_shop
from shop_world import Page, SourceServer


@pytest.fixture(scope="module")
def instance(server: SourceServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveShop]:
    server.refill()
    with live_shop(server, tmp_path_factory.mktemp("instance")) as running:
        yield running


def figure(text: str, name: str) -> float:
    [value] = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(value)


def test_metrics_are_those_of_all_processes_whichever_answers(instance: LiveShop) -> None:
    name = 'storefront_requests_total{method="GET",route="/cart",status="200"}'
    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(lambda _: httpx.get(f"{instance.url}/cart").raise_for_status(), range(40)))
    assert {figure(instance.metrics(), name) for _ in range(10)} == {40.0}
    both = [file for file in instance.figures.glob("counter_*.db") if b"/cart" in file.read_bytes()]
    assert len(both) == 2, "one process answered all; nothing was added up"


def test_what_a_killed_process_held_is_held_no_more_but_what_it_counted_counts(instance: LiveShop) -> None:
    name = 'storefront_requests_total{method="GET",route="/sign-in",status="200"}'
    for _ in range(20):
        httpx.get(f"{instance.url}/sign-in").raise_for_status()
    killed = instance.workers().pop()
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while killed in instance.workers() or len(instance.workers()) < 2:
        assert time.monotonic() < deadline, instance.workers()
        text = instance.metrics()
        time.sleep(0.2)
    assert figure(text, name) == 20.0


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer guessed"}])
def test_metrics_are_for_who_has_the_token(instance: LiveShop, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{instance.url}/metrics", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "storefront_requests" not in answer.text


def test_a_body_that_is_too_large_is_refused_before_any_of_it_is_sent(instance: LiveShop) -> None:
    said = instance.say(
        "POST /cart HTTP/1.1\r\nhost: shop\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        "content-length: 10000000\r\n\r\n"
    )
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in said


def patiently(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Again, as the page says, while all connections to the database are taken."""
    while (answer := ask()).status_code == 503:
        time.sleep(0.5)
    return answer


def buy(url: str, buyer: int) -> int:
    """One falcon and two alpines; the status of the checkout's answer."""
    with httpx.Client(base_url=url, follow_redirects=True, timeout=120) as http:

        def send(path: str, **fields: str) -> None:
            csrf = Page(patiently(lambda: http.get("/sign-in")).text).fields["csrf"]
            patiently(lambda: http.post(path, data={"csrf": csrf, **fields}))

        send("/sign-in", customer_number="103" if buyer % 2 else "112")
        send("/cart", code="S10_2", quantity="1")
        send("/cart", code="S10_1", quantity="2")
        fields = Page(http.get("/checkout").text).fields
        form = {name: fields[name] for name in ("csrf", "token", "total")}
        return patiently(lambda: http.post("/checkout", data=form)).status_code


def test_fifty_shoppers_of_the_last_seven_through_two_processes(instance: LiveShop, source: SourceServer) -> None:
    with ThreadPoolExecutor(50) as crowd:
        statuses = list(crowd.map(lambda buyer: buy(instance.url, buyer), range(50)))
    assert (statuses.count(200), statuses.count(409)) == (7, 43)
    assert source.ask("SELECT quantityInStock FROM products ORDER BY productCode") == [(100 - 2 * 7,), (0,), (0,)]
    assert source.ask(
        "SELECT COUNT(DISTINCT orderNumber), COUNT(*), SUM(quantityOrdered * priceEach) FROM orderdetails "
        "JOIN orders USING (orderNumber) WHERE orderNumber > 10102"
    ) == [(7, 14, 7 * (120 + 2 * Decimal("99.90")))]
