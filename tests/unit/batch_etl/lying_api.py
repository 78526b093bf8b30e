"""A REST API of transactions over real HTTP that answers as a test tells it to, page by page."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "the-token-that-opens"


@dataclass
class LyingApi:
    """`orders` in pages of `size`. `faults` are answers that come first, in order: a status, headers and a body each,
    or seconds of silence. `lie` may change a page before it is sent, or answer in its place."""

    orders: list[dict[str, Any]]
    size: int = 2
    token: str = TOKEN
    faults: list[Any] = field(default_factory=list)
    lie: Any = None
    asked: list[str | None] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, token: str) -> tuple[int, dict[str, str], bytes]:
        cursor = parse_qs(urlsplit(path).query).get("cursor", [None])[0]
        self.asked.append(cursor)
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, tuple):
                return fault
            time.sleep(fault)
        if token != f"Bearer {self.token}":
            return 401, {}, b"{}"
        start = int(cursor or 0)
        found = self.orders[start : start + self.size]
        more = start + self.size < len(self.orders)
        page = {"transactions": found, "next_cursor": str(start + self.size) if more else None}
        told = self.lie(cursor, page) if self.lie else page
        return told if isinstance(told, tuple) else (200, {}, json.dumps(told).encode())


@contextmanager
def serving(api: LyingApi) -> Iterator[LyingApi]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = api.answer(self.path, self.headers.get("authorization", ""))
            self.send_response(status)
            for name, value in ({"content-length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            if int(headers.get("content-length", len(body))) != len(body):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}/api/v1/transactions"
    yield api
    server.shutdown()
    server.server_close()
    thread.join()


def order(number: int, price: str = "10.00", **changes: Any) -> dict[str, Any]:
    """An order of the storefront's API: two of one product."""
    return {
        "order_number": number, "customer_number": 7, "order_date": "2026-05-01", "required_date": "2026-05-08",
        "shipped_date": None, "status": "In Process", "comments": None,
        "items": [{"product_code": "S10_1678", "quantity": 2, "price": price}],
        "total": f"{2 * float(price):.2f}",
    } | changes  # fmt: skip
