"""Pages and click files to silver: each record once, whatever comes twice, changed, damaged or late."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from batch_etl.medallion import silver as silver_module
from lying_api import order
from medallion_world import counts, event

ITEMS = """
SELECT transaction_id, item_number, product_id, quantity, price, status
FROM silver.transaction_items
ORDER BY 1, 2
"""


def test_items_are_exploded_typed_and_of_the_store_that_the_job_names(world):
    world.land("p1", order(1, items=[
        {"product_code": "A", "quantity": 3, "price": "10.50"}, {"product_code": "B", "quantity": 1, "price": 2},
    ], total="33.50"))  # fmt: skip
    assert counts(world.to_silver(), "transactions") == (1, 1, 0, 0)
    rows = world.ask(
        "SELECT transaction_id, store_id, CAST(ts AS STRING), item_number, product_id, quantity, price, amount, "
        "customer_id, status FROM silver.transaction_items ORDER BY item_number"
    )
    day = "2026-05-01 00:00:00"
    assert rows == [
        ("1", "online", day, 1, "A", 3, Decimal("10.50"), Decimal("31.50"), "7", "In Process"),
        ("1", "online", day, 2, "B", 1, Decimal("2.00"), Decimal("2.00"), "7", "In Process"),
    ]


def test_pages_that_overlap_count_once_and_a_rerun_writes_nothing(world):
    world.land("p1", order(1), order(2))
    world.land("p2", order(2), order(3))
    assert counts(world.to_silver(), "transactions") == (4, 3, 0, 1)
    before, rows = world.snapshots(), world.ask(ITEMS)
    assert counts(world.to_silver("silver-2"), "transactions") == (0, 0, 0, 0)
    assert world.snapshots() == before
    world.land("p3", order(1), order(2), order(3), minute=9)
    assert counts(world.to_silver("silver-3"), "transactions") == (3, 0, 0, 3)
    assert world.ask(ITEMS) == rows
    assert world.snapshots()["transaction_items"] == before["transaction_items"]


def test_the_version_that_was_read_last_counts_and_takes_its_lost_items_along(world):
    two = [{"product_code": code, "quantity": 1, "price": "5.00"} for code in "AB"]
    world.land("p1", order(1, items=two, total="10.00"), order(2))
    world.to_silver()
    world.land("p3", order(1, items=two[1:], total="5.00", status="Cancelled"), minute=9)
    world.land("p2", order(1, items=two, total="10.00", status="Shipped"), minute=5)
    assert counts(world.to_silver("silver-2"), "transactions") == (2, 1, 0, 1)
    assert world.ask(ITEMS) == [
        ("1", 1, "B", 1, Decimal("5.00"), "Cancelled"),
        ("2", 1, "S10_1678", 2, Decimal("10.00"), "In Process"),
    ]
    world.land("p0", order(1, items=two, total="10.00"), minute=1)
    assert counts(world.to_silver("silver-3"), "transactions") == (1, 0, 0, 1), "an older reading says nothing new"


BAD = [
    (order(1) | {"order_number": None}, "transaction_id", "is missing"),
    (order(1, order_number=["1"]), "order_number", "neither text nor a number"),
    (order(1, order_date="2026-02-30"), "ts", "no date or time"),
    (order(1, order_date="tomorrow"), "ts", "no date or time"),
    (order(1, order_date=None), "ts", "no date or time"),
    (order(1, items=[]), "items", "no items"),
    (order(1, items={"product_code": "A"}), "items", "is not a list"),
    (order(1, items=["A"]), "items[0]", "no JSON object"),
    (order(1, items=[{"quantity": 1, "price": "1.00"}]), "product_id", "is missing"),
    (order(1, items=[{"product_code": "A", "quantity": 0, "price": "1.00"}]), "quantity", "whole number above zero"),
    (order(1, items=[{"product_code": "A", "quantity": 1.5, "price": "1.00"}]), "quantity", "whole number"),
    (order(1, items=[{"product_code": "A", "quantity": True, "price": "1.00"}]), "quantity", "whole number"),
    (order(1, items=[{"product_code": "A", "quantity": 1, "price": "-1.00"}]), "price", "two decimals"),
    (order(1, items=[{"product_code": "A", "quantity": 1, "price": "1,234.56"}]), "price", "two decimals"),
    (order(1, items=[{"product_code": "A", "quantity": 1, "price": "9.999"}]), "price", "two decimals"),
    (order(1, items=[{"product_code": "A", "quantity": 1, "price": float("nan")}]), "price", "two decimals"),
    (order(1, items=[{"product_code": "A", "quantity": 1, "price": {"amount": 1}}]), "price", "neither text"),
    (order(1, total="20.01"), "total", "not the sum"),
    (order(1, total="twenty"), "total", "no amount"),
    ("order", "transactions", "no JSON object"),
]  # fmt: skip


def test_a_bad_transaction_is_set_aside_whole_with_its_reason_and_the_others_arrive(world):
    key = world.land("p1", order(100), *(bad for bad, _, _ in BAD), order(101, comments="\ud800 and é"))
    assert counts(world.to_silver(), "transactions") == (len(BAD) + 2, 2, len(BAD), 0)
    assert [row[0] for row in world.ask(ITEMS)] == ["100", "101"]
    found = world.quarantined()
    assert [line["position"] for line in found] == list(range(1, len(BAD) + 1))
    assert {line["file"] for line in found} == {key}
    for line, (bad, field, reason) in zip(found, BAD, strict=True):
        assert (line["field"], reason in line["reason"]) == (field, True), line
        assert json.loads(line["record"]) == json.loads(json.dumps(bad), parse_constant=str)
        assert line["remedy"]


DAMAGED = [
    b"no JSON",
    b"[]",
    b'{"fetched_at": "2026-05-21T12:00:00Z"}',
    b'{"fetched_at": "2026-05-21T12:00:00Z", "body": 3}',
    b'{"fetched_at": "2026-05-21T12:00:00Z", "body": "{\\"transactions\\": [{\\"order"}',
    b'{"fetched_at": "2026-05-21T12:00:00Z", "body": "{\\"transactions\\": 3}"}',
    b"\xff\xfe\x00",
    b"[" * 100_000,
]


def test_a_damaged_page_is_one_bad_record_and_the_other_pages_arrive(world):
    keys = [world.land_bytes(f"damaged-{place}", content) for place, content in enumerate(DAMAGED)]
    world.land("p1", order(1))
    assert counts(world.to_silver(), "transactions") == (len(keys) + 1, 1, len(keys), 0)
    assert [(line["file"], line["position"]) for line in world.quarantined()] == [(key, -1) for key in keys]
    assert all(line["reason"].startswith("the page cannot be read") for line in world.quarantined())
    world.land_bytes("damaged-0", b"no JSON either")
    assert counts(world.to_silver("silver-2"), "transactions") == (1, 0, 1, 0), "another content is another file"


def test_a_run_that_dies_before_it_notes_its_pages_is_repeated_without_effect(world, monkeypatch):
    world.land("p1", order(1), order(2, total="1.00"))
    with monkeypatch.context() as patch:
        patch.setattr(silver_module.FileLedger, "note", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.to_silver()
    rows = world.ask(ITEMS)
    assert len(rows) == 1
    assert counts(world.to_silver("silver-2"), "transactions") == (2, 0, 1, 1)
    assert (world.ask(ITEMS), len(world.quarantined())) == (rows, 1)


def test_another_api_is_read_by_the_names_of_its_fields(world):
    names = {
        "transactions": "data.sales", "transaction_id": "id", "store_id": "shop.code", "customer_id": "", "ts": "at",
        "status": "", "total": "", "items": "lines", "product_id": "sku", "quantity": "n", "price": "each",
    }  # fmt: skip
    sale = {"id": "T-1", "shop": {"code": "paris"}, "at": "2026-05-21T23:30:00-02:00",
            "lines": [{"sku": "A", "n": "2", "each": 1.1}]}  # fmt: skip
    body = json.dumps({"data": {"sales": [sale]}})
    world.land_bytes("p1", json.dumps({"fetched_at": "2026-05-22T12:00:00Z", "body": body}).encode())
    assert counts(world.to_silver(**names), "transactions") == (1, 1, 0, 0)
    rows = world.ask(
        "SELECT transaction_id, store_id, CAST(ts AS STRING), quantity, price FROM silver.transaction_items"
    )
    assert rows == [("T-1", "paris", "2026-05-22 01:30:00", 2, Decimal("1.10"))]


CLICKS = """
SELECT session_id, product_id, hour(first_viewed_at), hour(last_viewed_at), in_shopping_cart, was_in_cart
FROM silver.clicks
ORDER BY 1, 2
"""
SESSIONS = "SELECT session_id, customer_id, hour(started_at), hour(ended_at) FROM silver.sessions ORDER BY 1"


def test_cumulative_histories_become_sessions_in_whatever_order_they_come(world):
    events = [
        event("e1", "s1", 8, "A"),
        event("e2", "s1", 9, "A", "B+"),
        event("e3", "s1", 10, "A", "B", "C+", customer=7),
        event("e4", "s2", 9),
    ]
    world.archive("late", events[2], events[0])
    assert counts(world.to_silver(), "events") == (2, 2, 0, 0)
    world.archive("early", events[1], events[1], events[3])
    world.archive("again", events[0], events[2])
    assert counts(world.to_silver("silver-2"), "events") == (5, 4, 0, 1)
    assert world.ask(SESSIONS) == [("s1", "7", 8, 10), ("s2", None, 9, 9)]
    assert world.ask(CLICKS) == [
        ("s1", "A", 8, 10, False, False), ("s1", "B", 9, 10, False, True), ("s1", "C", 10, 10, True, True),
    ]  # fmt: skip
    before = world.snapshots()
    world.archive("once-more", *events)
    assert counts(world.to_silver("silver-3"), "events") == (4, 4, 0, 0)
    after = world.snapshots()
    assert (after["clicks"], after["sessions"]) == (before["clicks"], before["sessions"])


def test_bad_events_and_files_are_set_aside(world):
    nameless = event("e1", "s1", 8) | {"browse_history": [{"product_code": "", "quantity": 1}]}
    world.archive("a", event("e2", "s1", 8, "A"), event("e3", "s1", 8) | {"event_time": None}, nameless)
    world.archive_bytes("b", b"PAR1 torn")
    assert counts(world.to_silver(), "events") == (4, 1, 3, 0)
    assert sorted(line["field"] for line in world.quarantined()) == ["browse_history", "event_time", "file"]


def test_without_a_click_and_without_a_page_the_tables_are_there(world):
    assert world.to_silver()["read"] == 0
    assert (world.ask(ITEMS), world.ask(CLICKS), world.ask(SESSIONS)) == ([], [], [])


def test_the_ledger_says_what_was_in_each_file(world):
    key = world.land("p1", order(1), order(1), order(2, total="1.00"))
    world.to_silver()
    [row] = world.ask("SELECT source, file, read, good, bad, duplicates, run_id FROM silver.source_files")
    assert row == ("api_transactions", key, 3, 1, 1, 1, "silver-1")
