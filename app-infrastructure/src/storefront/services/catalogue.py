"""The products as pages show them: a snapshot in memory, renewed in the background.

Pages never ask the database for it, and so it stays when the database goes.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storefront.errors import DatabaseUnavailableError
from storefront.metrics import Metrics
from storefront.services.database import Database

logger = logging.getLogger(__name__)
POPULAR = 100
FIRST_SECONDS = 10.0
_PRODUCTS = text("""
SELECT
  productCode,
  productName,
  productLine,
  productScale,
  productVendor,
  productDescription,
  quantityInStock,
  MSRP
FROM products
ORDER BY productName, productCode
""")
# Of the latest orders only, found by their key: the table may be long.
_POPULAR = text("""
SELECT
  d.productCode,
  SUM(d.quantityOrdered) AS quantity
FROM (SELECT orderNumber FROM orders WHERE status <> 'Cancelled' ORDER BY orderNumber DESC LIMIT 2000) AS o
JOIN orderdetails AS d ON d.orderNumber = o.orderNumber
GROUP BY d.productCode
ORDER BY quantity DESC, d.productCode
LIMIT :most
""")


@dataclass(frozen=True)
class Product:
    """One product; the price is what the shop asks for it (MSRP)."""

    code: str
    name: str
    line: str
    scale: str
    vendor: str
    description: str
    stock: int
    price: Decimal

    @cached_property
    def words(self) -> str:
        """What a search looks through."""
        return " ".join((self.name, self.code, self.line, self.vendor, self.scale, self.description)).casefold()


@dataclass(frozen=True)
class Page:
    """Some of the products that were found; pages count from 1."""

    products: Sequence[Product]
    number: int
    pages: int
    found: int


@dataclass(frozen=True)
class Catalogue:
    """All products at one moment, in the order of their names; `known` once they have been read.

    `by_line` has them by line, best sellers first.
    """

    products: Sequence[Product] = ()
    popular_codes: Sequence[str] = ()
    known: bool = False
    by_code: Mapping[str, Product] = field(default_factory=dict)
    by_line: Mapping[str, Sequence[Product]] = field(default_factory=dict)
    best_sellers: Sequence[Product] = ()
    words: Sequence[str] = ()

    @classmethod
    def of(cls, products: Sequence[Product], popular_codes: Sequence[str]) -> Catalogue:
        """All that pages look things up in is made here, by the thread that reads, and not by the first page."""
        by_code = {product.code: product for product in products}
        rank = {code: place for place, code in enumerate(popular_codes)}
        by_line: defaultdict[str, list[Product]] = defaultdict(list)
        for product in sorted(products, key=lambda one: (rank.get(one.code, len(rank)), one.name)):
            by_line[product.line].append(product)
        sold = [by_code[code] for code in popular_codes if code in by_code]
        in_stock = [product for product in sold or products if product.stock > 0][:POPULAR]
        words = [product.words for product in products]
        return cls(products, popular_codes, True, by_code, dict(sorted(by_line.items())), in_stock, words)

    @property
    def lines(self) -> list[str]:
        return list(self.by_line)

    def search(self, query: str = "", line: str = "", page: int = 1, size: int = 24) -> Page:
        """Products that hold every word of the query; a page beyond the last one is the last one."""
        wanted = query.casefold().split()
        found = [
            product
            for product, words in zip(self.products, self.words, strict=True)
            if (not line or product.line == line) and all(word in words for word in wanted)
        ]
        pages = max(1, -(-len(found) // size))
        number = min(max(1, page), pages)
        return Page(found[(number - 1) * size : number * size], number, pages, len(found))

    def prices(self, codes: Iterable[str]) -> dict[str, Decimal]:
        """Of those that there are."""
        return {code: self.by_code[code].price for code in codes if code in self.by_code}

    def popular(self, limit: int) -> Sequence[Product]:
        """What sold best lately and can be had; a shop without sales shows its first products."""
        return self.best_sellers[:limit]

    def alike(self, product: Product, limit: int) -> Sequence[Product]:
        """Of the same line, best sellers first: what stands in for similar items."""
        shown = self.by_line.get(product.line, ())[: limit + 1]
        return [one for one in shown if one.code != product.code][:limit]


class Shelves:
    """Holds the current catalogue and renews it every so many seconds."""

    def __init__(self, database: Database, metrics: Metrics, seconds: float) -> None:
        self._database, self._metrics, self._seconds = database, metrics, seconds
        self._stop, self._asked = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.catalogue = Catalogue()

    def refresh(self) -> bool:
        """Read the catalogue; False, and the old one stays, when the database does not answer."""
        try:
            with self._database.transaction() as connection:
                products = [self._product(row) for row in connection.execute(_PRODUCTS)]
                popular = [str(row.productCode) for row in connection.execute(_POPULAR, {"most": POPULAR})]
        except (DatabaseUnavailableError, DBAPIError) as problem:
            logger.warning("The catalogue could not be read: %s", problem)
            return False
        now = self.catalogue
        if (products, popular) != (now.products, now.popular_codes) or not now.known:
            self.catalogue = Catalogue.of(products, popular)
        self._metrics.products.set(len(products))
        self._metrics.catalogue_read.set_to_current_time()
        return True

    def start(self) -> None:
        """Returns once the catalogue has been asked for: an instance whose first visitors find none is no use to them.

        A database that does not answer holds no shop up for longer than FIRST_SECONDS.
        """
        self._thread = threading.Thread(target=self._renew, daemon=True, name="catalogue")
        self._thread.start()
        self._asked.wait(FIRST_SECONDS)

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _product(self, row: Iterable[object]) -> Product:
        """The one that stands there already when nothing of it has changed: what was made of it holds too."""
        fresh = Product(*row)  # type: ignore[arg-type]  # columns in the order of its fields
        held = self.catalogue.by_code.get(fresh.code)
        return held if held == fresh else fresh

    def _renew(self) -> None:
        """Soon again after a failure, so that a shop that starts with its database is not empty for long."""
        renewed = self.refresh()
        self._asked.set()
        while not self._stop.wait(self._seconds if renewed else min(2.0, self._seconds)):
            renewed = self.refresh()
