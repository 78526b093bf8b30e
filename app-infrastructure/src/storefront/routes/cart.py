"""The cart: it lives in the visit, so that it needs no database."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from storefront.deps import CatalogueDep, ShopDep, VisitDep, own_form
from storefront.pages import page
from storefront.visit import MAX_QUANTITY

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Form(min_length=1, max_length=15)]


@router.get("/cart")
async def cart(request: Request, visit: VisitDep, catalogue: CatalogueDep) -> Response:
    changed = visit.see_prices(catalogue.prices(line.code for line in visit.cart))
    return page(request, "cart.html", products=catalogue.by_code, changed=changed)


@router.post("/cart", dependencies=[Depends(own_form)])
async def add(
    shop: ShopDep,
    visit: VisitDep,
    code: Code,
    quantity: Annotated[int, Form(ge=1, le=MAX_QUANTITY)] = 1,
) -> Response:
    visit.add(code, quantity, _price(shop, code))
    shop.events.put(visit.event())
    return RedirectResponse("/cart", 303)


@router.post("/cart/lines", dependencies=[Depends(own_form)])
async def change(
    shop: ShopDep, visit: VisitDep, code: Code, quantity: Annotated[int, Form(ge=0, le=MAX_QUANTITY)]
) -> Response:
    """Another quantity of a product that is in the cart; 0 takes it out."""
    held = {line.code: line.price for line in visit.cart}
    if code in held:
        visit.set_line(code, quantity, held[code])
        shop.events.put(visit.event())
    return RedirectResponse("/cart", 303)


def _price(shop: ShopDep, code: str) -> Decimal:
    product = shop.catalogue.by_code.get(code)
    if product is None:
        raise HTTPException(404, "There is no such product.")
    return product.price
