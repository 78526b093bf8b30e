"""Health: /healthz is about this process alone, for an instance is not ill because its database is."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from storefront.deps import ShopDep
from storefront.errors import DatabaseUnavailableError
from storefront.shop import Shop

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
def readyz(shop: ShopDep) -> Response:
    """503 unless the database answers and the catalogue was read; for people and dashboards, never for the ASG."""
    checks = {
        "database": _database_state(shop),
        "catalogue": "ok" if shop.shelves.age is not None else "never read",
        "recommendations": "ok" if shop.recommender.last_failure is None else "failed",
        "events": "ok" if shop.events.last_failure is None else "failed",
    }
    ready = checks["database"] == checks["catalogue"] == "ok"
    return JSONResponse({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


@router.get("/metrics")
async def metrics(shop: ShopDep) -> Response:
    counts = shop.events.counts
    for outcome in ("sent", "spilled", "recovered", "dropped"):
        shop.metrics.events.labels(outcome).set(getattr(counts, outcome))
    shop.metrics.events.labels("waiting").set(len(shop.events))
    shop.metrics.catalogue_age.set(shop.shelves.age if shop.shelves.age is not None else float("nan"))
    return Response(generate_latest(shop.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _database_state(shop: Shop) -> str:
    try:
        with shop.database.transaction() as connection:
            connection.execute(text("SELECT 1"))
    except DatabaseUnavailableError:
        return "does not answer"
    return "ok"
