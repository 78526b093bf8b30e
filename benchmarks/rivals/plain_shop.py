"""The shop's pages as FastAPI's tutorial makes them: SQLAlchemy asks the database for each, Jinja2 renders it.

The same templates, session and database as the storefront's. Best sellers are kept for a minute, for nobody would add
up sales for each page; all else is asked for anew. It has less to do: no browse events, no recommender.
`uvicorn --factory rivals.plain_shop:app`; SOURCE_URL is SQLAlchemy's URL of the source, SOURCE_CA the authority of its
certificate, SESSION_KEY what signs cookies.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, PackageLoader
from sqlalchemy import Connection, bindparam, create_engine, text
from starlette.middleware.sessions import SessionMiddleware
from storefront.assets import asset_url
from storefront.pages import money
from storefront.services.catalogue import Page, Product
from storefront.services.orders import _with_items
from storefront.services.pictures import picture, picture_url
from storefront.services.shelf import Pick, Shelf
from storefront.visit import MAX_QUANTITY, Visit

SIZE = 24
WORDS = "CONCAT_WS(' ', productName, productCode, productLine, productVendor, productScale, productDescription)"
COLUMNS = """p.productCode, p.productName, p.productLine, p.productScale, p.productVendor, p.productDescription,
  p.quantityInStock, p.MSRP"""
BEST_SELLERS = f"""
SELECT {COLUMNS}
FROM (
  SELECT d.productCode, SUM(d.quantityOrdered) AS quantity
  FROM (SELECT orderNumber FROM orders WHERE status <> 'Cancelled' ORDER BY orderNumber DESC LIMIT 2000) AS o
  JOIN orderdetails AS d ON d.orderNumber = o.orderNumber
  GROUP BY d.productCode
) AS sold
JOIN products AS p ON p.productCode = sold.productCode
WHERE p.quantityInStock > 0
ORDER BY sold.quantity DESC, p.productCode
LIMIT :most
"""
ALIKE = f"""
SELECT {COLUMNS}
FROM products AS p
WHERE p.productLine = :line AND p.productCode <> :code
ORDER BY p.productName
LIMIT :most
"""
PRODUCT = f"SELECT {COLUMNS} FROM products AS p WHERE p.productCode = :code"
IN_CART = f"SELECT {COLUMNS} FROM products AS p WHERE p.productCode IN :codes"
LINES = "SELECT productLine FROM productlines ORDER BY productLine"
ORDERS = """
SELECT orderNumber, orderDate, requiredDate, shippedDate, status, comments, customerNumber
FROM orders
WHERE customerNumber = :customer
ORDER BY orderNumber DESC
LIMIT 50
"""

engine = create_engine(os.environ["SOURCE_URL"], pool_size=10, connect_args={"ssl": {"ca": os.environ["SOURCE_CA"]}})
environment = Environment(loader=PackageLoader("storefront"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
environment.filters |= {"money": money, "picture": picture_url}
environment.globals |= {"max_quantity": MAX_QUANTITY, "asset": asset_url}
templates = Jinja2Templates(env=environment)
kept: dict[int, list[Product]] = {}
application = FastAPI()
application.add_middleware(SessionMiddleware, secret_key=os.environ["SESSION_KEY"], session_cookie="visit")
application.mount("/static", StaticFiles(packages=[("storefront", "static")]))


def connection() -> Iterator[Connection]:
    with engine.begin() as opened:
        yield opened


Db = Annotated[Connection, Depends(connection)]


def app() -> FastAPI:
    return application


def products_of(db: Connection, sql: str, **given: Any) -> list[Product]:
    return [Product(*row) for row in db.execute(text(sql), given)]


def best_sellers(db: Connection) -> list[Product]:
    """One minute's answer."""
    minute = int(time.monotonic() // 60)
    if minute not in kept:
        found = products_of(db, BEST_SELLERS, most=8)
        kept.clear()
        kept[minute] = found
    return kept[minute]


def lines_of(db: Connection) -> list[str]:
    return list(db.execute(text(LINES)).scalars())


def product_or_404(db: Db, code: str) -> Product:
    found = products_of(db, PRODUCT, code=code)
    if not found:
        raise HTTPException(404)
    return found[0]


def page(request: Request, template: str, **context: Any) -> Response:
    return templates.TemplateResponse(request, template, {"visit": Visit(request.session), **context})


@application.get("/")
def home(request: Request, db: Db) -> Response:
    personal = bool(Visit(request.session).profile())
    picks = [Pick(one, "Popular with other customers") for one in best_sellers(db)]
    return page(request, "home.html", shelf=Shelf(picks, "popular"), personal=personal, lines=lines_of(db))


@application.get("/products")
def products(request: Request, db: Db, q: str = "", line: str = "", page_number: int = 1) -> Response:
    page_number = int(request.query_params.get("page", page_number))
    conditions = [f"{WORDS} LIKE :word{n}" for n, _ in enumerate(q.split())]
    conditions += ["productLine = :line"] if line else []
    given: dict[str, Any] = {f"word{n}": f"%{word}%" for n, word in enumerate(q.split())}
    given |= {"line": line} if line else {}
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    count = db.execute(text(f"SELECT COUNT(*) FROM products AS p {where}"), given).scalar_one()
    pages = max(1, -(-count // SIZE))
    number = min(page_number, pages)
    some = "ORDER BY productName, productCode LIMIT :size OFFSET :skipped"
    select = f"SELECT {COLUMNS} FROM products AS p {where} {some}"
    found = products_of(db, select, **given, size=SIZE, skipped=(number - 1) * SIZE)
    shown = Page(found, number, pages, count)
    return page(request, "products.html", found=shown, q=q, line=line, lines=lines_of(db), ready=True)


@application.get("/products/{code}")
def product(request: Request, db: Db, one: Annotated[Product, Depends(product_or_404)]) -> Response:
    Visit(request.session).look_at(one.code)
    alike = products_of(db, ALIKE, line=one.line, code=one.code, most=6)
    similar = Shelf([Pick(other, f"Also in {other.line}") for other in alike], "alike")
    return page(request, "product.html", product=one, similar=similar)


@application.get("/products/{code}/picture.svg")
def product_picture(one: Annotated[Product, Depends(product_or_404)]) -> Response:
    drawn = picture(one.code, one.line, one.name)
    return Response(drawn, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})


@application.get("/cart")
def cart(request: Request, db: Db) -> Response:
    codes = [line.code for line in Visit(request.session).cart]
    found = db.execute(text(IN_CART).bindparams(bindparam("codes", expanding=True)), {"codes": codes})
    return page(request, "cart.html", products={row[0]: Product(*row) for row in found}, changed=[])


@application.get("/orders")
def orders(request: Request, db: Db) -> Response:
    customer = Visit(request.session).customer
    if customer is None:
        raise HTTPException(401)
    rows = db.execute(text(ORDERS), {"customer": customer.number}).all()
    return page(request, "orders.html", orders=_with_items(db, rows), placed=None)
