"""The simulated feed, made by the generator's own code and taken in by the transformer's."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from batch_etl.errors import SimulationError
from batch_etl.simulation.feed import Feed
from batch_etl.simulation.runs import Functions
from batch_etl.sources.feed.generation import generate
from batch_etl.sources.feed.objects import RawObject
from batch_etl.sources.feed.sales import Sales
from batch_etl.sources.feed.settings import CatalogueSettings, GeneratorSettings
from feed_world import LAKE, LANDING, FeedWorld
from simulation_world import EmptyLake, plan

SETTINGS = GeneratorSettings(CatalogueSettings(LANDING, "http://shop.invalid"), Sales())


class GeneratorAsFunction:
    """Lambda's `invoke` with the generator behind it, in this process."""

    def __init__(self, world: FeedWorld) -> None:
        self.world = world

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "shop-transaction-generator"
        try:
            answer = generate(json.loads(Payload), "a request", SETTINGS, self.world.shop, self.world.landing)
        except Exception as problem:
            return {
                "FunctionError": "Unhandled",
                "Payload": io.BytesIO(json.dumps({"errorMessage": str(problem)}).encode()),
            }
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def world(mocked_aws: boto3.Session) -> FeedWorld:
    return FeedWorld(mocked_aws)


def made(world: FeedWorld, **volumes: Any) -> Feed:
    functions = Functions(GeneratorAsFunction(world), "shop")
    return Feed(plan(**volumes), EmptyLake(), world.s3, functions, {"landing": LANDING, "lake": LAKE})


def test_what_the_transformer_makes_of_it_is_what_the_sender_counted(world):
    feed = made(world)
    for day in (0, 1):
        feed.drive(day)
    counts = world.intake.take_all(RawObject(LANDING, key) for key in sorted(world.files("transactions/raw/", LANDING)))

    rows = world.rows()
    assert feed.sent.good == {
        "transactions": len(rows), "ids": len({row["transaction_id"] for row in rows}),
        "units": sum(row["quantity"] for row in rows), "amount": sum((row["total_amount"] for row in rows), Decimal(0)),
    }  # fmt: skip
    assert (counts["good"], counts["repeated"], counts["quarantined"]) == (260, feed.sent.repeated, feed.sent.bad)
    assert (feed.sent.repeated, feed.sent.bad) == (26, 26)
    assert feed.quarantined() == 26
    assert feed.sent.records == counts["read"]


def test_transactions_fall_on_the_simulated_days_in_busy_hours(world):
    feed = made(world, transactions=300)
    feed.drive(0)
    world.intake.take_all(RawObject(LANDING, key) for key in world.files("transactions/raw/", LANDING))
    moments = {row["timestamp"] for row in world.rows()}
    assert {moment.date() for moment in moments} == {datetime(2026, 3, 1, tzinfo=UTC).date()}
    assert {moment.hour for moment in moments} <= {11, 12, 13, 17, 18, 19, 20}


def test_a_generator_that_fails_is_told_with_its_reason(world):
    world.products.clear()
    with pytest.raises(SimulationError, match=r"shop-transaction-generator failed: The shop lists no product"):
        made(world).drive(0)
