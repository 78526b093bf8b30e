"""Requests per second of the storefront, beside the same pages on plain FastAPI and beside an empty ASGI app.

    python benchmarks/storefront_requests.py [SECONDS] [ORDER_LINES]

Needs `wrk` (`bin/setup load`). Starts a MariaDB with a generated shop (50,000 order lines) and, for AWS, Moto; then one
uvicorn process at a time, which wrk asks over 16 connections for a mix of pages: strangers, visitors who have looked at
products, carts, signed-in customers, pictures and style sheets. Each is measured twice, in turns, for SECONDS (10).
Recommendations fall back to best sellers here. The target is 2.5 times the plain one's requests.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from re import findall
from statistics import mean
from typing import Any
from urllib.parse import quote

import boto3
import httpx
from itsdangerous import TimestampSigner
from load.wrk import Ask, Outcome, ask_many
from local_aws.certificates import Authority
from local_aws.engines import mariadb
from local_aws.engines.database import Database, DatabaseError, Master, wait_ready
from local_aws.settings import Settings
from moto.server import ThreadedMotoServer
from rich.console import Console
from rich.table import Table
from source_database.connection import Address, Login, Source
from source_database.generator import Plan
from source_database.mysql_writer import load_generated
from storefront.assets import asset_url
from storefront.services.catalogue import Product
from storefront.services.customers import Customer
from storefront.services.pictures import picture_url
from storefront.visit import Visit

HERE = Path(__file__).parent
SESSION_KEY = "a key that signs the cookies"
MASTER = Master("shop_admin", "not-a-secret-here", "classicmodels")
PORTS = {"database": 4630, "aws": 4631, "shop": 4632}
SHOP_URL = f"http://127.0.0.1:{PORTS['shop']}"
CONNECTIONS, TURNS, DRAWN = 16, 2, 2_000
PRODUCTS = """
SELECT productCode, productName, productLine, productScale, productVendor, productDescription, quantityInStock, MSRP
FROM products
WHERE quantityInStock > 0
"""


@contextmanager
def source(folder: Path, lines: int) -> Iterator[Source]:
    """A MariaDB that holds the generated shop."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    engine = mariadb.find(Settings(checkout=folder, port=0, cache_home=cache, state_home=folder / "state"))
    tls = Authority(folder / "ca").issue(folder / "tls")
    database = Database("source", folder, PORTS["database"], tls)
    engine.initialise(database, MASTER)
    spec = engine.prepare(database)
    with (folder / "database.log").open("wb") as log:
        process = subprocess.Popen(spec.argv, cwd=spec.cwd, stdout=log, stderr=log)
    try:
        try:
            wait_ready(lambda: engine.check(database), lambda: process.poll() is None)
        except DatabaseError as error:
            raise SystemExit(f"{error}\n{(folder / 'database.log').read_text()[-2000:]}") from None
        login = Login(MASTER.user, MASTER.password)
        made = Source(Address("127.0.0.1", PORTS["database"], "classicmodels", tls.authority), lambda: login)
        load_generated(made, Plan(lines, 42, date(2025, 12, 31)))
        yield made
    finally:
        stop(process)


@contextmanager
def aws() -> Iterator[dict[str, str]]:
    """The environment of a shop whose AWS is Moto."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", PORTS["aws"], verbose=False)
    server.start()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{PORTS['aws']}", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
    }  # fmt: skip
    os.environ.update(environment)
    try:
        secrets = boto3.client("secretsmanager")
        texts = {
            "DB_SECRET_ARN": {"username": MASTER.user, "password": MASTER.password},
            "SESSION_SECRET_ARN": {"session_key": SESSION_KEY, "api_token": "the api's bearer token"},
        }
        arns = {
            name: secrets.create_secret(Name=name, SecretString=json.dumps(text))["ARN"] for name, text in texts.items()
        }
        boto3.client("kinesis").create_stream(StreamName="retail-events", ShardCount=1)
        boto3.client("ssm").put_parameter(Name="/retail/events/stream_name", Value="retail-events", Type="String")
        yield environment | arns
    finally:
        server.stop()


@contextmanager
def served(argv: list[str], environment: dict[str, str], folder: Path) -> Iterator[None]:
    """One uvicorn process, from its first answer on."""
    command = [sys.executable, "-m", "uvicorn", *argv, "--host", "127.0.0.1", "--port", str(PORTS["shop"])]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=HERE, env=os.environ | environment, stdout=log, stderr=log)
    try:
        url, deadline = f"{SHOP_URL}/products", time.monotonic() + 60
        while not _ready(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{argv[0]} does not answer:\n{(folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.2)
        yield
    finally:
        stop(process)


def _ready(url: str) -> bool:
    try:
        return "being filled" not in httpx.get(url).raise_for_status().text
    except httpx.HTTPError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def cookie(visit: Visit, session: dict[str, Any]) -> str:
    """As the session's middleware signs it."""
    assert visit.csrf
    return "visit=" + TimestampSigner(SESSION_KEY).sign(b64encode(json.dumps(session).encode())).decode()


def visits(products: list[Product], customers: list[Customer], chance: random.Random) -> dict[str, list[str]]:
    """Cookies of visitors who have looked around, who have a cart, and who are customers besides."""
    made: dict[str, list[str]] = {"looked": [], "cart": [], "customer": []}
    for who, cookies in made.items():
        for one in customers:
            session: dict[str, Any] = {}
            visit = Visit(session)
            if who == "customer":
                visit.sign_in(one)
            for product in chance.sample(products, 5):
                visit.look_at(product.code)
                if who != "looked":
                    visit.set_line(product.code, 2, product.price)
            cookies.append(cookie(visit, session))
    return made


def mix(shop: Source, chance: random.Random) -> list[Ask]:
    """(path, cookie) of requests as a shop has them."""
    with shop.connect("classicmodels") as connection, connection.cursor() as cursor:
        cursor.execute(PRODUCTS)
        shown = [Product(*row) for row in cursor.fetchall()]
        cursor.execute("SELECT customerNumber, customerName, city, country, creditLimit FROM customers LIMIT 20")
        customers = [Customer(*row[:4], float(row[4] or 0)) for row in cursor.fetchall()]
    who = visits(shown, customers, chance)
    listing = [f"/products?page={number}" for number in range(1, 9)]
    listing += [f"/products?line={quote(line)}" for line in sorted({one.line for one in shown})]
    listing += [f"/products?q={quote(one.name.split()[-1])}" for one in chance.sample(shown, 12)]
    popular = [min(int(chance.paretovariate(0.7)), len(shown)) - 1 for _ in range(400)]
    product = [f"/products/{shown[place].code}" for place in popular]
    kinds: list[tuple[int, list[str], list[str]]] = [
        (14, ["/"], [""]),
        (24, listing, [""]),
        (10, product, [""]),
        (10, product, who["looked"]),
        (16, [picture_url(shown[place]) for place in popular], [""]),
        (8, [asset_url(name) for name in ("shop.css", "shop.js", "icon.svg")], [""]),
        (3, ["/"], who["looked"]),
        (6, ["/cart"], who["cart"]),
        (4, ["/"], who["customer"]),
        (3, listing, who["customer"]),
        (2, ["/orders"], who["customer"]),
    ]
    drawn = chance.choices(kinds, weights=[weight for weight, _, _ in kinds], k=DRAWN)
    return [(chance.choice(paths), chance.choice(cookies)) for _, paths, cookies in drawn]


def load(requests: Sequence[Ask], seconds: int) -> Outcome:
    found = ask_many(SHOP_URL, requests, CONNECTIONS, seconds=seconds)
    assert not found.errors, f"of {found.requests} requests went wrong {found.wrong}"
    return found


def shown(requests: list[Ask]) -> dict[Ask, set[str]]:
    """The products on each page of the mix; a rival shows the same ones, but for those that are like another."""
    pages: dict[Ask, set[str]] = {}
    with httpx.Client(base_url=SHOP_URL) as client:
        for path, held in dict.fromkeys(one for one in requests if not one[0].startswith("/products/")):
            answer = client.get(path, headers={"cookie": held} if held else {}).raise_for_status()
            client.cookies.clear()
            pages[path, held] = set(findall(r'href="/products/([^"?]+)"', answer.text))
    return pages


def main(seconds: int, lines: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        shop = stack.enter_context(source(folder, lines))
        requests = mix(shop, random.Random(7))
        results, pages = measured(shop, stack.enter_context(aws()), folder, requests, seconds)
    assert pages["ours"] == pages["plain"], "the rival shows other products"
    report(results)


def measured(
    shop: Source, environment: dict[str, str], folder: Path, requests: list[Ask], seconds: int
) -> tuple[dict[str, list[Outcome]], dict[str, Any]]:
    at = shop.address
    ours = environment | {
        "DB_HOST": at.host, "DB_PORT": str(at.port), "DB_NAME": at.database, "CA_BUNDLE": str(at.ca),
        "RATE_LIMIT_PER_MINUTE": "0",
    }  # fmt: skip
    url = f"mysql+pymysql://{MASTER.user}:{MASTER.password}@{at}/{at.database}"
    plain = {"SOURCE_URL": url, "SOURCE_CA": str(at.ca), "SESSION_KEY": SESSION_KEY}
    rivals = {
        "empty": (["rivals.empty_app:app", "--no-access-log"], {}),
        "plain": (["--factory", "rivals.plain_shop:app"], plain),
        "ours": (["storefront.main:app"], ours),
    }
    results: dict[str, list[Outcome]] = {name: [] for name in rivals}
    pages: dict[str, Any] = {}
    for _ in range(TURNS):
        for name, (argv, own) in rivals.items():
            with served(argv, own, folder):
                if name != "empty" and name not in pages:
                    pages[name] = shown(requests)
                load(requests, 2)
                results[name].append(load(requests, seconds))
    return results, pages


def report(results: dict[str, list[Outcome]]) -> None:
    table = Table(title=f"storefront, {platform.node()}, {os.cpu_count()} processors, {date.today()}")  # noqa: DTZ011
    for heading in ("", "requests/s by turn", "mean", "p50 ms", "p99 ms", "of plain"):
        table.add_column(heading, justify="left" if not heading else "right")
    plain = mean(one.per_second for one in results["plain"])
    for name, turns in results.items():
        rate = mean(one.per_second for one in turns)
        table.add_row(
            name, "  ".join(f"{one.per_second:,.0f}" for one in turns), f"{rate:,.0f}",
            f"{mean(one.p50_ms for one in turns):.1f}", f"{mean(one.p99_ms for one in turns):.1f}",
            f"{rate / plain:.2f}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:3]]
    main(given[0] if given else 10, given[1] if given[1:] else 50_000)
