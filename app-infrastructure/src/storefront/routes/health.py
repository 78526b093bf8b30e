"""Health: /healthz is about this process alone, for an instance is not ill because its database is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from storefront.deps import ShopDep, with_token
from storefront.errors import DatabaseUnavailableError, RecommendationsError
from storefront.observability import request_id
from storefront.routes.api import errors
from storefront.services.recommendations import POPULAR
from storefront.shop import Shop

router = APIRouter()
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", include_in_schema=False)
async def readyz(shop: ShopDep) -> Response:
    """503 unless the database answers and the catalogue was read; for people and dashboards, never for the ASG.

    What failed the last time is asked again first: nothing here is older than it says.
    """
    database = await run_in_threadpool(_database_state, shop)
    if shop.metrics.read().state("recommendations") != "ok":
        await _ask_again(shop)
    now = shop.metrics.read()
    checks = {
        "database": database,
        "catalogue": "ok" if shop.catalogue.known else "never read",
        "recommendations": now.state("recommendations"),
        "events": now.state("events"),
    }
    ready = checks["database"] == checks["catalogue"] == "ok"
    return JSONResponse({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


@router.get(
    "/metrics",
    summary="Figures of the instance, of all its processes, for Prometheus",
    dependencies=[Depends(with_token)],
    response_class=Response,
    responses=_TEXT | errors(401, 413, 415, 429, 503),
)
def metrics(shop: ShopDep) -> Response:
    shop.metrics.waiting.set(len(shop.events))
    return Response(generate_latest(shop.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _database_state(shop: Shop) -> str:
    try:
        with shop.database.transaction() as connection:
            connection.execute(text("SELECT 1"))
    except (DatabaseUnavailableError, DBAPIError):
        return "does not answer"
    return "ok"


async def _ask_again(shop: Shop) -> None:
    """Within the budget of a page, and not at all for a moment after a failure."""
    try:
        await shop.recommender.ask(POPULAR, request_id.get(), anew=True)
    except RecommendationsError:
        return
