"""What routes ask for: the shop, the visit, the signed-in customer, a form that is ours, a bearer token.

Those of the pages that are asked for most do not depend on one another: FastAPI works through each again.
"""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Depends, Form, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from storefront.services.catalogue import Catalogue, Product
from storefront.services.customers import Customer
from storefront.shop import Shop
from storefront.visit import Visit

_bearer = HTTPBearer(auto_error=False, description="api_token of the storefront's secret.")


class SignInNeededError(Exception):
    """The page is a customer's own."""


async def _shop(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


ShopDep = Annotated[Shop, Depends(_shop)]


async def _catalogue(request: Request) -> Catalogue:
    return (await _shop(request)).catalogue


async def _visit(request: Request) -> Visit:
    return Visit(request.session)


CatalogueDep = Annotated[Catalogue, Depends(_catalogue)]
VisitDep = Annotated[Visit, Depends(_visit)]


async def _customer(visit: VisitDep) -> Customer:
    if visit.customer is None:
        raise SignInNeededError
    return visit.customer


CustomerDep = Annotated[Customer, Depends(_customer)]


async def _product(code: str, request: Request) -> Product:
    """The product that the path names; a catalogue that was never read is no reason to say that there is none."""
    catalogue = await _catalogue(request)
    if not catalogue.known:
        raise HTTPException(503, "The catalogue is not there yet.")
    if code not in catalogue.by_code:
        raise HTTPException(404, "There is no such product.")
    return catalogue.by_code[code]


ProductDep = Annotated[Product, Depends(_product)]


async def own_form(request: Request, visit: VisitDep, csrf: Annotated[str, Form(max_length=64)] = "") -> None:
    """A form that this visit was given: another site cannot know its token, and a browser says which site it is on."""
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise HTTPException(403, "This form is one of another site.")
    if not visit.has_csrf(csrf):
        raise HTTPException(403, "This form is not one of this visit.")


def with_token(shop: ShopDep, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None) -> None:
    """The API's bearer token."""
    if given is None or not secrets.compare_digest(given.credentials.encode(), shop.api_token.read().encode()):
        raise HTTPException(401, "The bearer token is missing or wrong.", {"www-authenticate": "Bearer"})
