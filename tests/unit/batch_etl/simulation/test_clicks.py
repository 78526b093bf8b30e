"""Simulated clicks on a stream, read back by the event's own contract."""

from __future__ import annotations

from collections import Counter
from datetime import date

from batch_etl.simulation.clicks import Clicks
from simulation_world import SHOP, EmptyLake, plan
from streaming_recs.events import BrowseEvent, parse_event

STREAM = "shop-events"


def driven(session, **volumes) -> tuple[Clicks, list[BrowseEvent]]:
    kinesis = session.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    source = Clicks(plan(**volumes), EmptyLake(), SHOP, kinesis, STREAM)
    for day in range(source.plan.days):
        source.drive(day)
    shard = kinesis.list_shards(StreamName=STREAM)["Shards"][0]["ShardId"]
    place = kinesis.get_shard_iterator(StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = kinesis.get_records(ShardIterator=place["ShardIterator"], Limit=10_000)["Records"]
    return source, [parse_event(record["Data"]) for record in records]


def test_the_stream_holds_what_was_counted_and_some_of_it_twice(mocked_aws):
    source, events = driven(mocked_aws, clicks=600)
    times = Counter(event.event_id for event in events)
    looks = {(event.session_id, item.product_code) for event in events for item in event.browse_history}
    assert len(times) == len(looks) == source.sent.good["looks"] == 1200
    assert len({event.session_id for event in events}) == source.sent.good["sessions"]
    assert source.sent.repeated == len(events) - 1200 > 0
    assert set(times.values()) == {1, 2}


def test_a_session_grows_look_by_look_within_its_day(mocked_aws):
    _, events = driven(mocked_aws)
    for event in events:
        assert event.event_id == f"{event.session_id}-{len(event.browse_history)}"
    assert {event.event_time.date() for event in events} == {date(2026, 3, 1), date(2026, 3, 2)}
    assert {event.customer_number for event in events} > {None}, "visitors with and without a name"


def test_the_same_seed_sends_the_same_looks(mocked_aws):
    source, events = driven(mocked_aws)
    chosen = [item.product_code for event in events for item in event.browse_history]
    mocked_aws.client("kinesis").delete_stream(StreamName=STREAM)
    _, again = driven(mocked_aws)
    assert chosen == [item.product_code for event in again for item in event.browse_history]
    assert source.sent.good["looks"] == 180
