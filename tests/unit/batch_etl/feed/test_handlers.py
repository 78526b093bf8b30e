"""The three functions as Lambda calls them: environment, event, answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from batch_etl.errors import FeedObjectMissing, OptionError
from batch_etl.handlers import transaction_compactor, transaction_generator, transaction_transformer
from feed_world import LAKE, LANDING, LATEST, PRODUCTS, FeedWorld, sale

CONTEXT = SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 300_000)
EVENT = {"id": "event-1", "time": "2026-03-02T10:05:00Z"}


class Shop(BaseHTTPRequestHandler):
    """One product a page, as /api/v1/products pages them; every second request is refused for the moment."""

    asked = 0

    def do_GET(self):
        Shop.asked += 1
        if Shop.asked % 2:
            self.send_error(503)
            return
        number = int(parse_qs(urlsplit(self.path).query).get("cursor", ["0"])[0])
        product = PRODUCTS[number]
        following = str(number + 1) if number + 1 < len(PRODUCTS) else None
        shown = {
            "product_code": product.code, "product_name": product.name, "product_line": product.category,
            "price": str(product.price), "quantity_in_stock": 5,
        }  # fmt: skip
        body = json.dumps({"products": [shown], "next_cursor": following}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture(scope="module")
def shop_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1/products"
    server.shutdown()


@pytest.fixture
def functions(feed: FeedWorld, shop_url: str, monkeypatch: pytest.MonkeyPatch) -> FeedWorld:
    environment = {
        "LANDING_BUCKET": LANDING, "CATALOGUE_URL": shop_url, "LAKE_BUCKET": LAKE, "DATABASE": "shop_silver",
        "LATEST_TABLE": LATEST, "LOCK_TABLE": "locks", "TRANSACTIONS": "10",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(transaction_generator, "s3", lambda: feed.s3)
    for module in (transaction_transformer, transaction_compactor):
        monkeypatch.setattr(module, "client", lambda service: getattr(feed, service))
    return feed


def created(feed: FeedWorld, answer: dict) -> dict:
    """What EventBridge sends of the file."""
    version = feed.s3.head_object(Bucket=LANDING, Key=answer["key"])["VersionId"]
    return {"detail": {"bucket": {"name": LANDING}, "object": {"key": answer["key"], "version-id": version}}}


def test_from_the_shop_to_the_compacted_table(functions):
    answer = transaction_generator.handler(EVENT, CONTEXT)
    assert set(json.loads(body_of(functions, "transactions/catalogue/products.json"))["products"]) == {
        product.code for product in PRODUCTS
    }
    event = created(functions, answer)
    made = answer["transactions"]
    expected = {"files": 1, "read": made, "good": made, "repeated": 0, "quarantined": 0}
    assert transaction_transformer.handler(event, CONTEXT) == expected
    assert transaction_transformer.handler(event, CONTEXT) == expected
    functions.take([sale(1)])
    (move,) = transaction_compactor.handler({"step": "compact"}, CONTEXT)["moves"]
    assert (move["day"], move["files"], move["rows"]) == ("2026-03-02", 2, made + 1)
    assert transaction_compactor.handler({"step": "clean", "moves": [move]}, CONTEXT) == {"removed": 2}
    assert len(functions.rows()) == made + 1


def test_a_call_that_is_repeated_answers_with_its_file(functions):
    first, again = transaction_generator.handler({}, CONTEXT), transaction_generator.handler(EVENT, CONTEXT)
    assert first["key"] != again["key"]
    assert transaction_generator.handler(EVENT, CONTEXT) == again | {"written": False, "transactions": None}


def test_errors_are_raised_so_that_lambda_counts_them(functions):
    event = {"detail": {"bucket": {"name": LANDING}, "object": {"key": "transactions/raw/gone.json"}}}
    with pytest.raises(FeedObjectMissing):
        transaction_transformer.handler(event, CONTEXT)


@pytest.mark.parametrize(("variable", "value"), [("CATALOGUE_URL", ""), ("TRANSACTIONS", "many"), ("SEED", "0")])
def test_an_environment_that_makes_no_sense_is_named(functions, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(OptionError, match=variable):
        transaction_generator.handler(EVENT, CONTEXT)


@pytest.mark.parametrize("name", ["generator", "transformer", "compactor"])
def test_a_function_starts_without_spark(name):
    code = f"import sys; sys.modules['pyspark'] = None; import batch_etl.handlers.transaction_{name}"
    subprocess.run([sys.executable, "-c", code], check=True)


def body_of(feed: FeedWorld, key: str) -> bytes:
    return feed.s3.get_object(Bucket=LANDING, Key=key)["Body"].read()
