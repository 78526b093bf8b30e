"""What the shop sells: asked of its API, kept in the landing bucket, and never forgotten.

The API answers before the first night as after it. While it does not, the products that are kept serve; one that the
shop no longer lists is still known, as transactions of it may be under way, but no longer sold.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from batch_etl.errors import ApiError, CatalogueUnavailable
from batch_etl.sources.api.client import ApiClient, Budget, OutOfTime, Patience
from batch_etl.sources.api.page import PageMalformed
from batch_etl.sources.api.settings import Endpoint

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "transactions/catalogue/products.json"
FRESH = timedelta(minutes=15)
_PATIENCE = Patience(answer=5, tries=3, first_wait=0.3)
_SECONDS = 20.0
_MOST_PAGES = 10_000


@dataclass(frozen=True)
class Product:
    """`listed`: the shop sold it when it was last asked."""

    code: str
    name: str
    category: str
    price: Decimal
    listed: bool = True

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "category": self.category, "price": str(self.price), "listed": self.listed}


@dataclass(frozen=True)
class Catalogue:
    """Products by code, and when the shop was last asked for them."""

    as_of: datetime
    products: dict[str, Product]

    def listed(self) -> list[Product]:
        """What can be sold, by code."""
        return [self.products[code] for code in sorted(self.products) if self.products[code].listed]

    def renewed(self, found: list[Product], now: datetime) -> Catalogue:
        gone = {code: replace(product, listed=False) for code, product in self.products.items()}
        return Catalogue(now, gone | {product.code: product for product in found})


@dataclass(frozen=True)
class Shop:
    """The catalogue's source and its memory. `ask` returns every product that the shop lists; raises an ApiError."""

    s3: S3Client
    bucket: str
    ask: Callable[[], list[Product]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def catalogue(self, older_than: timedelta = FRESH) -> Catalogue:
        """The one kept, renewed when it is older. Raises CatalogueUnavailable when there is neither."""
        kept, now = self._kept(), self.now()
        if kept is not None and now - kept.as_of < older_than:
            return kept
        try:
            found = self.ask()
        except (ApiError, OutOfTime) as problem:
            if kept is None:
                raise CatalogueUnavailable(
                    f"The shop names no products, and none are kept in s3://{self.bucket}/{KEY}: {problem} Load a "
                    "source with `retail load-source` and see that the shop answers; the next call tries again."
                ) from problem
            print(
                json.dumps({"catalogue": "kept", "as_of": kept.as_of.isoformat(), "because": str(problem)}), flush=True
            )
            return kept
        renewed = (kept or Catalogue(now, {})).renewed(found, now)
        self._keep(renewed)
        return renewed

    def _kept(self) -> Catalogue | None:
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=KEY)["Body"].read()
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None
        content = json.loads(body)
        products = {
            code: Product(code, one["name"], one["category"], Decimal(one["price"]), one["listed"])
            for code, one in content["products"].items()
        }
        return Catalogue(datetime.fromisoformat(content["as_of"]), products)

    def _keep(self, catalogue: Catalogue) -> None:
        products = {code: product.to_json() for code, product in catalogue.products.items()}
        body = json.dumps({"as_of": catalogue.as_of.isoformat(), "products": products}, ensure_ascii=False)
        self.s3.put_object(Bucket=self.bucket, Key=KEY, Body=body.encode(), ContentType="application/json")


def products_of(url: str) -> list[Product]:
    """Every page of the shop's /api/v1/products. Raises an ApiError or OutOfTime."""
    client = ApiClient(Endpoint(url), None, Budget(time.monotonic() + _SECONDS), _PATIENCE)  # type: ignore[arg-type]
    found: dict[str, Product] = {}
    cursor: str | None = None
    try:
        for _ in range(_MOST_PAGES):
            _, (products, cursor) = client.get(cursor, read_page)
            found |= {product.code: product for product in products}
            if cursor is None:
                break
    finally:
        client.close()
    return list(found.values())


def read_page(body: bytes) -> tuple[list[Product], str | None]:
    """The products of one page and the next cursor. Raises PageMalformed."""
    try:
        content = json.loads(body)
        products = [
            Product(one["product_code"], one["product_name"], one["product_line"], Decimal(str(one["price"])))
            for one in content["products"]
        ]
        return products, content["next_cursor"]
    except (ValueError, KeyError, TypeError, InvalidOperation) as problem:
        raise PageMalformed(f"a page of products is not as it should be: {problem!r}") from None
