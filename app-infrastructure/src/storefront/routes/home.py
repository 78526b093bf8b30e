"""The first page: recommendations with their reasons, and the way into the catalogue."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from storefront.deps import CatalogueDep, ShopDep, VisitDep
from storefront.observability import request_id
from storefront.pages import page
from storefront.services.recommendations import Question
from storefront.services.shelf import popular_shelf, shelf

router = APIRouter(include_in_schema=False)
_PICKS = 8


@router.get("/")
async def home(request: Request, shop: ShopDep, visit: VisitDep, catalogue: CatalogueDep) -> Response:
    profile = visit.profile()
    question = Question.for_shopper(profile, _PICKS) if profile else Question("GET", "/popular", {"limit": str(_PICKS)})
    found = await shelf(
        shop.recommender, question, request_id.get(), catalogue, lambda: popular_shelf(catalogue, _PICKS)
    )
    shop.metrics.shelves.labels(found.path).inc()
    return page(request, "home.html", shelf=found, personal=bool(profile), lines=catalogue.lines)
