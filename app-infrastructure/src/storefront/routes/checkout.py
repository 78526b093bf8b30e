"""Checkout: the shopper sees what it costs, sends the form, and has one order, however often it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from storefront.deps import CatalogueDep, CustomerDep, ShopDep, VisitDep, own_form
from storefront.errors import CheckoutError, DatabaseUnavailableError, PricesChangedError, StockShortError
from storefront.pages import money, page
from storefront.services.checkout import Purchase, Receipt, order_of, place_order
from storefront.shop import Shop
from storefront.visit import Visit

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class CheckoutForm:
    """What a shopper sends; `total` is what the page showed."""

    token: Annotated[str, Form(min_length=16, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    total: Annotated[str, Form(max_length=20)]
    comments: Annotated[str, Form(max_length=500)] = ""


@router.get("/checkout")
async def form(request: Request, visit: VisitDep, _: CustomerDep, catalogue: CatalogueDep) -> Response:
    if not visit.cart:
        return RedirectResponse("/cart", 303)
    visit.see_prices(catalogue.prices(line.code for line in visit.cart))
    return page(request, "checkout.html", products=catalogue.by_code, comments="", headline="", remedy="", details=[])


@router.post("/checkout", dependencies=[Depends(own_form)])
def submit(
    request: Request, shop: ShopDep, visit: VisitDep, customer: CustomerDep, sent: Annotated[CheckoutForm, Depends()]
) -> Response:
    purchase = Purchase(sent.token, customer.number, visit.cart, sent.comments.strip())
    try:
        receipt = _receipt(shop, visit, purchase, sent.total)
    except (CheckoutError, DatabaseUnavailableError) as problem:
        shop.metrics.checkouts.labels(type(problem).__name__).inc()
        return _again(request, shop, sent, problem)
    if receipt is None:
        return RedirectResponse("/cart", 303)
    shop.metrics.checkouts.labels("repeated" if receipt.repeated else "ordered").inc()
    visit.empty_cart()
    return RedirectResponse(f"/orders?placed={receipt.order_number}", 303)


def _receipt(shop: Shop, visit: Visit, purchase: Purchase, total: str) -> Receipt | None:
    """The order, new or made by the same form before; None when there is nothing to order."""
    if not purchase.lines:
        found = order_of(shop.database, purchase.token, purchase.customer_number)
        return None if found is None else Receipt(found, repeated=True)
    if total != str(visit.cart_total):
        raise CheckoutError("Your cart has changed since you saw this form.", "Look at it and confirm.")
    return place_order(shop.database, purchase, datetime.now(UTC).date())


def _again(
    request: Request, shop: Shop, sent: CheckoutForm, problem: CheckoutError | DatabaseUnavailableError
) -> Response:
    """The form once more, with what is wrong; its token stays, for it has not become an order."""
    visit = Visit(request.session)
    status, headline, remedy = 409, problem.message, problem.remedy
    if isinstance(problem, DatabaseUnavailableError):
        status, headline = 503, "We cannot take the order right now; your cart stays as it is."
        remedy = "Send this form again in a moment: however often it is sent, it makes one order."
    if isinstance(problem, PricesChangedError):
        visit.see_prices(problem.prices)
    return page(
        request,
        "checkout.html",
        status,
        products=shop.catalogue.by_code,
        comments=sent.comments,
        headline=headline,
        remedy=remedy,
        details=_details(shop, problem),
    )


def _details(shop: Shop, problem: Exception) -> list[str]:
    names = {code: product.name for code, product in shop.catalogue.by_code.items()}
    if isinstance(problem, PricesChangedError):
        return [f"{names.get(code, code)} costs {money(price)} now." for code, price in problem.prices.items()]
    if isinstance(problem, StockShortError):
        return [f"{names.get(code, code)}: {left} left." for code, left in problem.available.items()]
    return []
