"""The catalogue, a product, its picture."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from storefront.deps import CatalogueDep, ProductDep, ShopDep, VisitDep
from storefront.observability import request_id
from storefront.pages import page
from storefront.services.pictures import picture
from storefront.services.recommendations import Question
from storefront.services.shelf import alike_shelf, shelf

router = APIRouter(include_in_schema=False)
_SIMILAR = 6


@router.get("/products")
async def products(
    request: Request,
    catalogue: CatalogueDep,
    q: Annotated[str, Query(max_length=80)] = "",
    line: Annotated[str, Query(max_length=50)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    found = catalogue.search(q, line, number)
    return page(
        request, "products.html", found=found, q=q, line=line, lines=catalogue.lines, ready=bool(catalogue.loaded_at)
    )


@router.get("/products/{code}")
async def product(
    request: Request, one: ProductDep, shop: ShopDep, visit: VisitDep, catalogue: CatalogueDep
) -> Response:
    visit.look_at(one.code)
    shop.events.put(visit.event())
    similar = await shelf(
        shop.recommender, Question.like(one.code, _SIMILAR), request_id.get(), catalogue,
        lambda: alike_shelf(catalogue, one, _SIMILAR),
    )  # fmt: skip
    shop.metrics.shelves.labels(similar.path).inc()
    return page(request, "product.html", product=one, similar=similar)


@router.get("/products/{code}/picture.svg")
async def product_picture(one: ProductDep) -> Response:
    """A day in the browser's cache; the page's policy lets no script in it run."""
    return Response(
        picture(one.code, one.line, one.name), media_type="image/svg+xml",
        headers={"cache-control": "public, max-age=86400"},
    )  # fmt: skip
