"""A small simulation: its plan, a shop's shelf, and an Athena that has nothing yet."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from batch_etl.simulation.plan import Plan
from batch_etl.simulation.shop import Goods, Shop
from batch_etl.simulation.source import Figures

SHOP = Shop(
    "http://shop.invalid",
    [Goods(f"S10_{number}", f"Model {number}", "Classic Cars", Decimal("99.90"), 1000) for number in range(12)],
    [103, 112, 114],
)


class EmptyLake:
    """What `simulation.lake.Lake` answers before anything has arrived."""

    project = "shop"

    def figures(self, sql: str, **values: str) -> Figures:
        return {}


def plan(**other: Any) -> Plan:
    volumes: dict[str, Any] = {
        "run": "20260308T101500-7", "first_day": date(2026, 3, 1), "days": 2, "orders": 4, "files": 2, "clicks": 90,
        "transactions": 130, "bad_share": 0.1, "seed": 7,
    }  # fmt: skip
    return Plan(**volumes | other)
