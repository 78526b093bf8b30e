"""Browse events: whole, in the stream soon, in the queue while the stream is down, and from there in the stream."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from shop_world import Shopper
from storefront.main import create_app
from storefront.metrics import Metrics
from storefront.services.aws import Parameters
from storefront.services.browse_buffer import BrowseBuffer
from storefront.services.spill_queue import SpillQueue
from storefront.settings import Settings
from storefront.shop import Shop
from streaming_recs.events import BrowseEvent, parse_event


def event(number: int, customer: int | None = 103) -> BrowseEvent:
    return BrowseEvent(
        schema_version=1, event_id=f"event-{number}", session_id="a session", customer_number=customer,
        event_time=datetime(2026, 3, 1, tzinfo=UTC), browse_history=[{"product_code": "S10_1"}],
    )  # fmt: skip


def in_stream() -> list[BrowseEvent]:
    kinesis = boto3.client("kinesis")
    stream = boto3.client("ssm").get_parameter(Name="/retail/events/stream_name")["Parameter"]["Value"]
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    return [parse_event(record["Data"]) for record in kinesis.get_records(ShardIterator=iterator)["Records"]]


class FlakyStream:
    """Kinesis that cannot be reached while `down`, and that refuses every other record of a call once."""

    def __init__(self, *, down: bool = False, throttles: int = 0) -> None:
        self.real, self.down, self.throttles = boto3.client("kinesis"), down, throttles

    def put_records(self, **request: Any) -> dict[str, Any]:
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://kinesis")
        if not self.throttles:
            return self.real.put_records(**request)
        self.throttles -= 1
        self.real.put_records(StreamName=request["StreamName"], Records=request["Records"][::2])
        codes = [
            {"ErrorCode": "ProvisionedThroughputExceededException"} if n % 2 else {}
            for n in range(len(request["Records"]))
        ]
        return {"FailedRecordCount": len(codes) // 2, "Records": codes}


@pytest.fixture
def parameters(settings: Settings) -> Parameters:
    return Parameters(boto3.client("ssm"), "retail")


def buffer(stream: Any, parameters: Parameters, settings: Settings, **options: Any) -> BrowseBuffer:
    queue = SpillQueue(boto3.client("sqs"), settings.spill_queue_url)
    return BrowseBuffer(stream, queue, parameters, Metrics(), **options)


def counted(events: BrowseBuffer, outcome: str) -> int:
    return events._metrics.read().count("browse_events", outcome)


def test_every_look_and_every_change_of_the_cart_is_an_event_with_all_that_came_before(
    shopper: Shopper, shop: Shop
) -> None:
    shopper.sign_in().get("/products/S10_1")
    shopper.put("S10_2", 3)
    shop.events.flush()
    looked, put = in_stream()
    assert [(one.product_code, one.quantity, one.in_shopping_cart) for one in put.browse_history] == [
        ("S10_1", 1, False), ("S10_2", 3, True),
    ]  # fmt: skip
    assert looked.browse_history == put.browse_history[:1]
    assert looked.session_id == put.session_id
    assert (put.customer_number, put.city, put.country, put.credit_limit) == (103, "Nantes", "France", 21000.0)
    assert counted(shop.events, "sent") == 2


def test_records_that_the_stream_throttles_are_sent_again(parameters: Parameters, settings: Settings) -> None:
    events = buffer(FlakyStream(throttles=1), parameters, settings)
    for number in range(5):
        events.put(event(number))
    events.flush()
    assert sorted(one.event_id for one in in_stream()) == [f"event-{number}" for number in range(5)]
    assert (counted(events, "sent"), len(events)) == (5, 0)


def test_while_the_stream_is_down_the_queue_keeps_events_and_later_they_arrive(
    parameters: Parameters, settings: Settings
) -> None:
    stream = FlakyStream(down=True)
    events = buffer(stream, parameters, settings)
    for number in range(23):
        events.put(event(number))
    events.flush()
    assert (counted(events, "spilled"), len(events)) == (23, 0)
    assert in_stream() == []
    stream.down = False
    assert events.drain() == 23
    assert sorted(one.event_id for one in in_stream()) == sorted(f"event-{number}" for number in range(23))
    assert events.drain() == 0


def test_a_stream_that_is_back_is_noticed_without_another_shopper(parameters: Parameters, settings: Settings) -> None:
    """All is in the queue and nobody looks at anything: the spilled events arrive all the same."""
    stream = FlakyStream(down=True)
    events = buffer(stream, parameters, settings)
    events.put(event(1))
    events.put(event(2))
    events.flush()
    events.probe()
    assert events._metrics.read().state("events").startswith("failed ")
    stream.down = False
    events.probe()
    assert events._metrics.read().state("events") == "ok"
    assert events.drain() == 2
    assert {one.event_id for one in in_stream()} == {"event-1", "event-2"}


def test_the_thread_brings_everything_to_the_stream_once_it_is_back(
    shopper: Shopper, shop: Shop, settings: Settings
) -> None:
    """Through the shop, with its thread at work: looked at while the stream is down, in it afterwards."""
    stream = shop.events._kinesis = FlakyStream(down=True)
    for code in ("S10_1", "S10_2"):
        shopper.get(f"/products/{code}")
    shop.events.start()
    wait_until(lambda: counted(shop.events, "spilled") == 2)
    assert in_stream() == []
    stream.down = False
    wait_until(lambda: counted(shop.events, "recovered") == 2)
    seen = {tuple(item.product_code for item in one.browse_history) for one in in_stream()}
    assert seen == {("S10_1",), ("S10_1", "S10_2")}
    shop.events.stop()


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_before_there_is_a_stream_events_wait_in_the_queue(parameters: Parameters, settings: Settings) -> None:
    boto3.client("ssm").delete_parameter(Name="/retail/events/stream_name")
    events = buffer(boto3.client("kinesis"), parameters, settings)
    events.put(event(1))
    events.flush()
    assert counted(events, "spilled") == 1


def test_without_a_queue_memory_keeps_the_latest_in_order(parameters: Parameters) -> None:
    stream = FlakyStream(down=True)
    events = BrowseBuffer(stream, SpillQueue(None, ""), parameters, Metrics(), capacity=3)
    for number in range(5):
        events.put(event(number))
        events.flush()
    assert (len(events), counted(events, "dropped")) == (3, 2)
    stream.down = False
    events.flush()
    assert [one.event_id for one in in_stream()] == ["event-2", "event-3", "event-4"]


def test_a_page_does_not_wait_for_a_stream_that_hangs(shopper: Shopper, shop: Shop) -> None:
    asked, over = threading.Event(), threading.Event()

    class Hanging:
        def put_records(self, **_: Any) -> dict[str, Any]:
            asked.set()
            over.wait(120)
            over.set()
            raise EndpointConnectionError(endpoint_url="https://kinesis")

    shop.events._kinesis = Hanging()
    shop.events.start()
    shopper.get("/products/S10_1")
    assert asked.wait(60)
    for _ in range(3):
        shopper.get("/products/S10_2")
    assert not over.is_set(), "the pages waited for the stream"
    over.set()
    shop.events.stop()


def test_at_shutdown_what_waits_is_sent(shop: Shop) -> None:
    shopper = Shopper(create_app(shop))
    with shopper.http:
        shopper.get("/products/S10_1")
    assert [one.browse_history[0].product_code for one in in_stream()] == ["S10_1"]
