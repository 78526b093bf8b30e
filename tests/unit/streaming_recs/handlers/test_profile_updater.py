"""What is remembered of a session: its latest event, whatever came when and how often."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from serving_world import Serving, browse, raw


def cart(code: str, quantity: int = 1) -> dict[str, Any]:
    return {"product_code": code, "quantity": quantity, "in_shopping_cart": True}


def test_an_event_becomes_a_row_for_each_product(serving: Serving) -> None:
    event = browse("A", "B", browse_history=[{"product_code": "A"}, cart("B", 10)], event_id="e1")
    assert serving.remember(raw(event)) == []
    assert serving.recent() == [("customer:999", "A", 1.0, "e1"), ("customer:999", "B", 4.0, "e1")]


def test_the_latest_event_replaces_in_every_order_of_arrival(serving: Serving) -> None:
    events = [
        raw(browse("A", event_id="e1", event_time="2026-11-21T12:00:00Z")),
        raw(browse("A", "B", event_id="e2", event_time="2026-11-21T13:00:00+01:00")),  # the same moment, a greater id
        raw(browse("B", "C", event_id="e3", event_time="2026-11-21T12:00:01Z")),
    ]
    for order in itertools.permutations(events):
        serving.database.ask_nothing("TRUNCATE recent_sessions, recent_interactions")
        for event in order:
            serving.remember(event)
        assert [(row[1], row[3]) for row in serving.recent()] == [("B", "e3"), ("C", "e3")]


def test_an_event_an_hour_late_changes_nothing(serving: Serving) -> None:
    serving.remember(raw(browse("A", "B", event_id="e2", event_time="2026-11-21T13:00:00Z")))
    before = serving.recent()
    serving.remember(raw(browse("A", event_id="e1", event_time="2026-11-21T12:00:00Z")))
    assert serving.recent() == before


def test_a_duplicated_shuffled_redelivered_stream_ends_in_the_same_state(serving: Serving) -> None:
    rng = random.Random(4)  # noqa: S311
    events = [
        raw(browse(
            *[f"P{n}" for n in range(step + 1)], event_id=f"s{session}-{step}", session_id=f"s{session}",
            customer_number=None if session % 3 else session, event_time=f"2026-11-21T12:00:{step:02d}Z",
        ))
        for session in range(12) for step in range(6)
    ]  # fmt: skip
    serving.remember(*events)
    once = serving.recent()
    assert len(once) == 12 * 6
    serving.database.ask_nothing("TRUNCATE recent_sessions, recent_interactions")
    again = events * 3
    rng.shuffle(again)
    for start in range(0, len(again), 17):
        serving.remember(*again[start : start + 17])
    assert serving.recent() == once


def test_a_session_that_logs_in_becomes_the_customers(serving: Serving) -> None:
    serving.remember(raw(browse("A", customer_number=None, event_id="e1")))
    serving.remember(raw(browse("A", "B", event_id="e2", event_time="2026-11-21T12:05:00Z")))
    assert [(row[0], row[1]) for row in serving.recent()] == [("customer:999", "A"), ("customer:999", "B")]


def test_two_sessions_of_a_customer_stay_apart(serving: Serving) -> None:
    serving.remember(raw(browse("A", session_id="phone")), raw(browse("B", session_id="laptop")))
    assert [row[1] for row in serving.recent()] == ["A", "B"]


def test_bad_records_fail_alone(serving: Serving) -> None:
    failed = serving.remember(raw(browse("A", session_id="1")), b"{bad", raw(browse("B", session_id="2")), b"")
    assert failed == ["1", "3"]
    assert [row[1] for row in serving.recent()] == ["A", "B"]


def test_a_batch_of_nothing_but_bad_records_does_not_raise(serving: Serving) -> None:
    assert serving.remember(b"{", b"}") == ["0", "1"]


def test_of_a_history_of_ten_thousand_the_latest_count(serving: Serving) -> None:
    serving.remember(raw(browse(*[f"P{n}" for n in range(10_000)])))
    assert {row[1] for row in serving.recent()} == {f"P{n}" for n in range(9_800, 10_000)}


def test_a_product_named_twice_counts_as_it_was_named_last(serving: Serving) -> None:
    serving.remember(raw(browse(browse_history=[cart("A"), {"product_code": "A", "quantity": 1}])))
    assert [(row[1], row[2]) for row in serving.recent()] == [("A", 1.0)]


def test_while_the_database_is_away_the_whole_batch_comes_again(serving: Serving) -> None:
    serving.database.stop()
    try:
        with pytest.raises(Exception, match="does not answer"):
            serving.remember(raw(browse("A")))
    finally:
        serving.database.start()
    assert serving.remember(raw(browse("A"))) == []
    assert len(serving.recent()) == 1
