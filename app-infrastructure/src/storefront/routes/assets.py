"""Style sheet, script and icon."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response

from storefront.assets import ASK_AGAIN, FOREVER, assets
from storefront.middleware.kept_answers import keep_for_all

router = APIRouter(include_in_schema=False)
_HOUR = 3600.0


@router.get("/static/{name}")
async def asset(request: Request, name: str, v: str = "") -> Response:
    """A year in the browser's cache under the URL that names its content, else asked for again."""
    if name not in assets():
        raise HTTPException(404)
    found = assets()[name]
    if v in ("", found.version):
        keep_for_all(request, _HOUR)
    caching = FOREVER if v == found.version else ASK_AGAIN
    return Response(found.body, media_type=found.media_type, headers={"cache-control": caching})
