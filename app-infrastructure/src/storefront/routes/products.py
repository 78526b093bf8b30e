"""The catalogue, a product, its picture."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from storefront.assets import ASK_AGAIN, FOREVER
from storefront.deps import CatalogueDep, ProductDep, ShopDep, VisitDep
from storefront.middleware.kept_answers import keep_for_all, keep_for_strangers
from storefront.observability import request_id
from storefront.pages import framed_page
from storefront.services.pictures import picture, picture_version
from storefront.services.recommendations import Question
from storefront.services.shelf import alike_shelf, shelf

router = APIRouter(include_in_schema=False)
_SIMILAR = 6
_KEPT_SECONDS = 60.0


@router.get("/products")
async def products(
    request: Request,
    catalogue: CatalogueDep,
    q: Annotated[str, Query(max_length=80)] = "",
    line: Annotated[str, Query(max_length=50)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    def context() -> dict[str, Any]:
        found = catalogue.search(q, line, number)
        return {"found": found, "q": q, "line": line, "lines": catalogue.lines, "ready": catalogue.known}

    keep_for_strangers(request, _KEPT_SECONDS)
    return framed_page(request, "products.html", catalogue, (q, line, number), context)


@router.get("/products/{code}")
async def product(request: Request, one: ProductDep, shop: ShopDep, visit: VisitDep) -> Response:
    catalogue = shop.catalogue
    visit.look_at(one.code)
    shop.events.put(visit.event())
    similar = await shelf(
        shop.recommender, Question.like(one.code, _SIMILAR), request_id.get(), catalogue,
        lambda: alike_shelf(catalogue, one, _SIMILAR),
    )  # fmt: skip
    shop.metrics.shelves.labels(similar.path).inc()
    key = (one.code, tuple((pick.product.code, pick.reason) for pick in similar.picks))
    return framed_page(request, "product.html", catalogue, key, lambda: {"product": one, "similar": similar})


@router.get("/products/{code}/picture.svg")
async def product_picture(request: Request, one: ProductDep, v: str = "") -> Response:
    """A year in the browser's cache under the URL that names its content; our policy lets no script in it run."""
    version = picture_version(one)
    if v in ("", version):
        keep_for_all(request, _KEPT_SECONDS)
    drawn = picture(one.code, one.line, one.name)
    caching = FOREVER if v == version else ASK_AGAIN
    return Response(drawn, media_type="image/svg+xml", headers={"cache-control": caching})
