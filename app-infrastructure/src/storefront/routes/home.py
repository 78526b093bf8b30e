"""The first page: recommendations with their reasons, and the way into the catalogue."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from storefront.deps import CatalogueDep, ShopDep, VisitDep
from storefront.middleware.kept_answers import keep_for_strangers
from storefront.observability import request_id
from storefront.pages import framed_page, page
from storefront.services.recommendations import POPULAR, Question
from storefront.services.shelf import popular_shelf, shelf

router = APIRouter(include_in_schema=False)
_PICKS = 8
_KEPT_SECONDS = 3.0  # as long as the recommender's own answers


@router.get("/")
async def home(request: Request, shop: ShopDep, visit: VisitDep, catalogue: CatalogueDep) -> Response:
    profile = visit.profile()
    question = Question.for_shopper(profile, _PICKS) if profile else POPULAR
    found = await shelf(
        shop.recommender, question, request_id.get(), catalogue, lambda: popular_shelf(catalogue, _PICKS)
    )
    shop.metrics.shelves.labels(found.path).inc()
    shown: dict[str, Any] = {"shelf": found, "lines": catalogue.lines}
    if profile:
        return page(request, "home.html", **shown, personal=True)
    keep_for_strangers(request, _KEPT_SECONDS)
    key = tuple((pick.product.code, pick.reason) for pick in found.picks)
    return framed_page(request, "home.html", catalogue, key, lambda: {**shown, "personal": False})
