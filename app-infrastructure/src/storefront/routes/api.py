"""/api/v1: the catalogue for anybody, orders for who has the token. Money is text, so that no reader rounds it."""

from __future__ import annotations

import base64
import binascii
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel

from storefront.deps import CatalogueDep, ShopDep, with_token
from storefront.errors import RequestRefusedError
from storefront.services.orders import Order, orders_after

_MARK = "after:"
Cursor = Annotated[str | None, Query(max_length=64, description="next_cursor of the page before.")]


class ErrorBody(BaseModel):
    code: str
    message: str
    field: str | None = None
    remedy: str


class ErrorAnswer(BaseModel):
    """Every error has this shape."""

    error: ErrorBody


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorAnswer} for status in statuses}


class ProductOut(BaseModel):
    product_code: str
    product_name: str
    product_line: str
    product_scale: str
    product_vendor: str
    quantity_in_stock: int
    price: Decimal


class ProductsPage(BaseModel):
    products: list[ProductOut]
    next_cursor: str | None


class ItemOut(BaseModel):
    product_code: str
    quantity: int
    price: Decimal


class Transaction(BaseModel):
    """One order with its items."""

    order_number: int
    customer_number: int
    order_date: date
    required_date: date
    shipped_date: date | None
    status: str
    comments: str | None
    items: list[ItemOut]
    total: Decimal

    @classmethod
    def of(cls, order: Order) -> Transaction:
        items = [ItemOut(product_code=one.code, quantity=one.quantity, price=one.price) for one in order.items]
        return cls(
            order_number=order.number, customer_number=order.customer_number, order_date=order.ordered,
            required_date=order.required, shipped_date=order.shipped, status=order.status, comments=order.comments,
            items=items, total=order.total,
        )  # fmt: skip


class TransactionsPage(BaseModel):
    transactions: list[Transaction]
    next_cursor: str | None


router = APIRouter(prefix="/api/v1", responses=errors(413, 415, 422, 429))


@router.get("/products", summary="The catalogue, in the order of product codes", responses=errors(503))
async def products(
    catalogue: CatalogueDep, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> ProductsPage:
    if not catalogue.known:
        raise HTTPException(503, "The catalogue is not there yet.")
    after = _decoded(cursor)
    codes = sorted(code for code in catalogue.by_code if code > after)
    found = [catalogue.by_code[code] for code in codes[:limit]]
    shown = [
        ProductOut(
            product_code=one.code, product_name=one.name, product_line=one.line, product_scale=one.scale,
            product_vendor=one.vendor, quantity_in_stock=one.stock, price=one.price,
        )
        for one in found
    ]  # fmt: skip
    return ProductsPage(products=shown, next_cursor=_encoded(found[-1].code) if len(codes) > limit else None)


@router.get(
    "/transactions",
    summary="Orders with their items, oldest first",
    dependencies=[Depends(with_token)],
    responses=errors(401, 503),
)
def transactions(
    shop: ShopDep, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> TransactionsPage:
    """Follow next_cursor until it is null."""
    number = _decoded(cursor) or "-1"
    if not number.removeprefix("-").isdecimal() or len(number) > 10:
        raise _unknown_cursor()
    found = orders_after(shop.database, int(number), limit + 1)
    more = len(found) > limit
    return TransactionsPage(
        transactions=[Transaction.of(order) for order in found[:limit]],
        next_cursor=_encoded(str(found[limit - 1].number)) if more else None,
    )


def _encoded(last: str) -> str:
    return base64.urlsafe_b64encode((_MARK + last).encode()).decode()


def _decoded(cursor: str | None) -> str:
    """What the page before ended with, "" without a cursor; raises RequestRefusedError."""
    if cursor is None:
        return ""
    try:
        text = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _unknown_cursor() from None
    if not text.startswith(_MARK):
        raise _unknown_cursor()
    return text.removeprefix(_MARK)


def _unknown_cursor() -> RequestRefusedError:
    return RequestRefusedError("The cursor is none of ours.", "Send next_cursor of a page as it was.", "cursor")
