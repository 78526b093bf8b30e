"""A MariaDB of its own with a small classicmodels, and a shopper's browser: what the storefront's tests work with."""

from __future__ import annotations

import io
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from local_aws.certificates import Authority
from local_aws.engines import mariadb
from local_aws.engines.database import Database as EngineDatabase
from local_aws.engines.database import Master, wait_ready
from local_aws.settings import Settings as LocalSettings
from source_database.connection import Address, Login, connect
from source_database.dump.splitter import statements as split
from source_database.handlers.rotate_user import set_user
from source_database.schema import schema_file
from source_database.shop_tables import set_up_shop
from starlette.testclient import TestClient
from support import free_port

MASTER = Master("shop_admin", "not-a-secret-here", "classicmodels")
TOKEN = "the api's bearer token"
BEARER = {"authorization": f"Bearer {TOKEN}"}
WRITER = Login("retail_writer", "writes")
QUICK = {"innodb_flush_log_at_trx_commit": "0"}
TABLES = "storefront_checkouts orderdetails orders customers products productlines".split()
SMALL = """
INSERT INTO productlines (productLine) VALUES ('Classic Cars'), ('Planes');
INSERT INTO products (productCode, productName, productLine, productScale, productVendor, productDescription,
                      quantityInStock, buyPrice, MSRP) VALUES
  ('S10_1', '1952 Alpine Renault', 'Classic Cars', '1:10', 'Classic Metal', 'Turnable wheels', 100, 50.00, 99.90),
  ('S10_2', '1969 Ford Falcon', 'Classic Cars', '1:12', 'Second Gear', 'Red <b>paint</b>', 7, 60.00, 120.00),
  ('S18_3', 'Corsair F4U', 'Planes', '1:18', 'Motor City', 'Folding wings', 0, 30.00, 70.10);
INSERT INTO customers (customerNumber, customerName, contactLastName, contactFirstName, phone, addressLine1, city,
                       country, creditLimit) VALUES
  (103, 'Atelier graphique', 'Schmitt', 'Carine', '40.32', '54, rue Royale', 'Nantes', 'France', 21000.00),
  (112, 'Signal Gift Stores', 'King', 'Jean', '7025551838', '8489 Strong St.', 'Las Vegas', 'USA', NULL);
INSERT INTO orders (orderNumber, orderDate, requiredDate, status, customerNumber) VALUES
  (10100, '2024-01-06', '2024-01-13', 'Shipped', 103), (10101, '2024-01-09', '2024-01-18', 'Shipped', 112),
  (10102, '2024-01-10', '2024-01-18', 'Cancelled', 112);
INSERT INTO orderdetails (orderNumber, productCode, quantityOrdered, priceEach, orderLineNumber) VALUES
  (10100, 'S10_2', 30, 115.00, 1), (10100, 'S10_1', 5, 90.00, 2), (10101, 'S10_1', 2, 95.10, 1),
  (10102, 'S18_3', 99, 70.00, 1);
UPDATE storefront_order_numbers SET lastNumber = 0
"""


@dataclass
class SourceServer:
    """The source database as Terraform and the rotation leave it: `retail_writer` reads and writes rows, no more."""

    engine: mariadb.MariaDb
    database: EngineDatabase
    process: subprocess.Popen[bytes] | None = None

    @property
    def ca(self) -> Path:
        return self.database.tls.authority

    def start(self) -> None:
        spec = self.engine.prepare(self.database)
        log = (self.database.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            spec.argv, cwd=spec.cwd, stdout=log, stderr=log, env={"PATH": os.environ["PATH"]}
        )
        wait_ready(lambda: self.engine.check(self.database), lambda: self.process is not None)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def kill(self) -> None:
        """As a failing machine does."""
        self.stop(signal.SIGKILL)

    def admin(self) -> Any:
        address = Address("127.0.0.1", self.database.port, "classicmodels", self.ca)
        return connect(address, Login(MASTER.user, MASTER.password), "classicmodels")

    def ask(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.admin() as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    def refill(self) -> None:
        """The small shop and nothing else."""
        with self.admin() as connection, connection.cursor() as cursor:
            connection.begin()
            for table in TABLES:
                cursor.execute(f"DELETE FROM {table}")
            for statement in statements(SMALL.encode()):
                cursor.execute(statement)
            connection.commit()


def statements(script: bytes) -> list[str]:
    return [statement.text.decode() for statement in split(io.BytesIO(script))]


@contextmanager
def source_server(folder: Path) -> Iterator[SourceServer]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    engine = mariadb.find(LocalSettings(checkout=folder, port=0, cache_home=cache, state_home=folder / "state"))
    tls = Authority(folder / "ca").issue(folder / "tls")
    server = SourceServer(engine, EngineDatabase("source", folder, free_port(), tls, QUICK))
    engine.initialise(server.database, MASTER)
    server.start()
    try:
        with server.admin() as connection:
            with connection.cursor() as cursor:
                for statement in statements(schema_file().read_bytes()):
                    cursor.execute(statement)
            set_up_shop(connection)
            set_user(connection, WRITER, "classicmodels")
        yield server
    finally:
        server.stop()


class Page(HTMLParser):
    """What tests look for in a page: fields of its forms, its headings, labels and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.title = text, ""
        self.fields: dict[str, str] = {}
        self.controls: list[dict[str, str | None]] = []
        self.labelled: set[str] = set()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.references += [value for name, value in attrs if name in ("href", "src", "action") and value]
        if tag == "label":
            self.labelled.add(found["for"] or "")
        if tag in ("input", "select", "textarea") and found.get("type") != "hidden":
            self.controls.append(found)
        if tag == "input" and found.get("name"):
            self.fields[str(found["name"])] = found.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "title" and not self.title:
            self.title = data


class Shopper:
    """A browser with cookies that follows redirects and sends forms with what the page put into them."""

    def __init__(self, app: Any) -> None:
        self.http = TestClient(app, base_url="https://shop.example", raise_server_exceptions=False)

    def get(self, path: str) -> Page:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    def post(self, path: str, **fields: Any) -> Any:
        """Send a form with this visit's CSRF token."""
        csrf = self.get("/sign-in").fields["csrf"]
        return self.http.post(path, data={"csrf": csrf, **fields})

    def sign_in(self, number: int = 103) -> Shopper:
        assert self.post("/sign-in", customer_number=number).status_code == 200
        return self

    def put(self, code: str, quantity: int = 1) -> Shopper:
        assert self.post("/cart", code=code, quantity=quantity).status_code == 200
        return self

    def checkout_form(self) -> dict[str, str]:
        fields = self.get("/checkout").fields
        return {name: fields[name] for name in ("csrf", "token", "total")}
