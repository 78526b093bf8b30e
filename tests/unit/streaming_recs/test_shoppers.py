"""Orders told as looks."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from streaming_recs.click import mean_rank
from streaming_recs.shoppers import Visit, interleaved, looks

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
VISIT = Visit(103, "Nantes", "France", 21_000.0, (("S10_1678", 2), ("S18_3232", 5), ("S24_2000", 1)))


def test_each_look_carries_the_session_so_far() -> None:
    events = list(looks(VISIT, NOON))
    assert [[item.product_code for item in event.browse_history] for event in events] == [
        ["S10_1678"],
        ["S10_1678", "S18_3232"],
        ["S10_1678", "S18_3232", "S24_2000"],
    ]
    assert [item.in_shopping_cart for item in events[-1].browse_history] == [True, True, False]
    assert len({event.session_id for event in events}) == 1
    assert len({event.event_id for event in events}) == 3


def test_shoppers_come_and_go_and_each_ones_looks_stay_in_order() -> None:
    visits = [VISIT, Visit(112, None, "USA", None, (("S10_1949", 1), ("S12_1099", 1)))] * 5
    events = interleaved(visits, NOON)
    assert [event.event_time for event in events] == sorted(event.event_time for event in events)
    assert all(event.event_time <= NOON for event in events)
    assert len(events) == 25
    changes = sum(a.session_id != b.session_id for a, b in itertools.pairwise(events))
    assert changes > len(visits) - 1, "visits overlap"
    for session in {event.session_id for event in events}:
        lengths = [len(event.browse_history) for event in events if event.session_id == session]
        assert lengths == list(range(1, len(lengths) + 1))


def test_no_visits_are_no_events() -> None:
    assert interleaved([], NOON) == []


def test_a_mean_rank_counts_what_is_not_listed_as_just_behind() -> None:
    assert mean_rank(["a", "b", "c"], ["a", "c"]) == 2.0
    assert mean_rank(["a", "b", "c"], ["x"]) == 4.0
