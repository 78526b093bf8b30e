"""What this process knows about itself and those it depends on."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from storefront.deps import ShopDep, VisitDep
from storefront.pages import page
from storefront.shop import Shop

router = APIRouter(include_in_schema=False)


@router.get("/operations")
async def operations(request: Request, shop: ShopDep, _: VisitDep) -> Response:
    return page(request, "operations.html", groups=facts(shop))


def facts(shop: Shop) -> dict[str, list[tuple[str, str]]]:
    """By heading, (what, how it stands); nothing here asks anybody anything."""
    age, counts = shop.shelves.age, shop.events.counts
    return {
        "Database": [
            ("state", _state(shop.database.last_failure)),
            ("catalogue", "never read" if age is None else f"{len(shop.catalogue.products):,} products"),
            ("age of the catalogue", "—" if age is None else f"{age:.0f} s"),
            ("connections at work", f"{shop.database.connections()} of {shop.settings.db_pool_size}"),
        ],
        "Recommendations": [
            ("state", _state(shop.recommender.last_failure)),
            ("model version", shop.recommender.model_version or "none answered yet"),
            *[(f"rows of path {path}", f"{count:,.0f}") for path, count in _by_path(shop).items()],
        ],
        "Browse events": [
            ("state", _state(shop.events.last_failure)),
            ("waiting in memory", f"{len(shop.events):,}"),
            ("sent to the stream", f"{counts.sent:,}"),
            ("kept in the queue", f"{counts.spilled:,}"),
            ("sent on from the queue", f"{counts.recovered:,}"),
            ("dropped", f"{counts.dropped:,}"),
        ],
    }


def _state(failure: str | None) -> str:
    """The page is public: what failed, and where, is in the log."""
    return "no failure" if failure is None else "failed the last time; the log says why"


def _by_path(shop: Shop) -> dict[str, float]:
    samples = [sample for metric in shop.metrics.shelves.collect() for sample in metric.samples]
    return {one.labels["path"]: one.value for one in samples if one.name.endswith("_total")}
