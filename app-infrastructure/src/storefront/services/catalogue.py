"""The products as pages show them: a snapshot in memory, renewed in the background.

Pages never ask the database for it, and so it stays when the database goes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storefront.errors import DatabaseUnavailableError
from storefront.services.database import Database

logger = logging.getLogger(__name__)
POPULAR = 100
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
    """All products at one moment (`loaded_at`, seconds of the monotonic clock; 0.0 is never)."""

    products: Sequence[Product] = ()
    popular_codes: Sequence[str] = ()
    loaded_at: float = 0.0
    by_code: Mapping[str, Product] = field(default_factory=dict)

    @classmethod
    def of(cls, products: Sequence[Product], popular_codes: Sequence[str], loaded_at: float) -> Catalogue:
        return cls(products, popular_codes, loaded_at, {product.code: product for product in products})

    @cached_property
    def lines(self) -> list[str]:
        return sorted({product.line for product in self.products})

    def search(self, query: str = "", line: str = "", page: int = 1, size: int = 24) -> Page:
        """Products that hold every word of the query; a page beyond the last one is the last one."""
        wanted = query.casefold().split()
        found = [
            product
            for product in self.products
            if (not line or product.line == line) and all(word in product.words for word in wanted)
        ]
        pages = max(1, -(-len(found) // size))
        number = min(max(1, page), pages)
        return Page(found[(number - 1) * size : number * size], number, pages, len(found))

    def popular(self, limit: int, besides: Iterable[str] = ()) -> list[Product]:
        """What sold best lately and can be had; a shop without sales shows its first products."""
        left_out = set(besides)
        ranked = [self.by_code[code] for code in self.popular_codes if code in self.by_code]
        candidates = ranked or list(self.products)
        return [product for product in candidates if product.stock > 0 and product.code not in left_out][:limit]

    def alike(self, product: Product, limit: int) -> list[Product]:
        """Of the same line, best sellers first: what stands in for similar items."""
        rank = {code: place for place, code in enumerate(self.popular_codes)}
        others = [one for one in self.products if one.line == product.line and one.code != product.code]
        return sorted(others, key=lambda one: (rank.get(one.code, len(rank)), one.name))[:limit]


class Shelves:
    """Holds the current catalogue and renews it every so many seconds."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database, self._seconds = database, seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.catalogue = Catalogue()

    @property
    def age(self) -> float | None:
        """Seconds since the catalogue was read; None when it never was."""
        loaded_at = self.catalogue.loaded_at
        return time.monotonic() - loaded_at if loaded_at else None

    def refresh(self) -> bool:
        """Read the catalogue; False, and the old one stays, when the database does not answer."""
        try:
            with self._database.transaction() as connection:
                products = [Product(*row) for row in connection.execute(_PRODUCTS)]
                popular = [str(row.productCode) for row in connection.execute(_POPULAR, {"most": POPULAR})]
        except (DatabaseUnavailableError, DBAPIError) as problem:
            logger.warning("The catalogue could not be read: %s", problem)
            return False
        self.catalogue = Catalogue.of(products, popular, time.monotonic())
        return True

    def start(self) -> None:
        self._thread = threading.Thread(target=self._renew, daemon=True, name="catalogue")
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _renew(self) -> None:
        """Soon again after a failure, so that a shop that starts with its database is not empty for long."""
        renewed = self.refresh()
        while not self._stop.wait(self._seconds if renewed else min(2.0, self._seconds)):
            renewed = self.refresh()
