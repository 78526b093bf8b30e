"""Signing in by choosing a demonstration customer, and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from storefront.deps import ShopDep, VisitDep, own_form
from storefront.pages import page
from storefront.services.customers import customer, find_customers

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def choose(request: Request, shop: ShopDep, name: Annotated[str, Query(max_length=50)] = "") -> Response:
    return page(request, "sign_in.html", customers=find_customers(shop.database, name), name=name)


@router.post("/sign-in", dependencies=[Depends(own_form)])
def sign_in(shop: ShopDep, visit: VisitDep, customer_number: Annotated[int, Form(ge=0, le=2**31 - 1)]) -> Response:
    found = customer(shop.database, customer_number)
    if found is None:
        raise HTTPException(404, "There is no such customer.")
    visit.sign_in(found)
    return RedirectResponse("/checkout" if visit.cart else "/", 303)


@router.post("/sign-out", dependencies=[Depends(own_form)])
async def sign_out(visit: VisitDep) -> Response:
    visit.sign_out()
    return RedirectResponse("/", 303)
