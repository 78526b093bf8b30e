"""How the platform stands: the lake, the stream and the web tier by CloudWatch, and what this instance knows itself."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from storefront.deps import ShopDep
from storefront.facts import instance_groups, platform_groups
from storefront.pages import page

router = APIRouter(include_in_schema=False)


@router.get("/operations")
def operations(request: Request, shop: ShopDep) -> Response:
    shop.metrics.waiting.set(len(shop.events))
    now = shop.metrics.read()
    platform = shop.platform.look()
    return page(
        request, "operations.html", platform=platform_groups(platform, shop.settings),
        instance=instance_groups(now, shop.settings),
    )  # fmt: skip
