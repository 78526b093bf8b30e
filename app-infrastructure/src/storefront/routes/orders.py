"""The signed-in customer's orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from storefront.deps import CustomerDep, ShopDep
from storefront.pages import page
from storefront.services.orders import orders_of

router = APIRouter(include_in_schema=False)


@router.get("/orders")
def orders(
    request: Request, shop: ShopDep, customer: CustomerDep, placed: Annotated[int | None, Query(ge=0)] = None
) -> Response:
    found = orders_of(shop.database, customer.number)
    mine = next((order.number for order in found if order.number == placed), None)
    return page(request, "orders.html", orders=found, placed=mine)
