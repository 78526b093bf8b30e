"""Silver to the marts of gold: sums to the cent, one publication for all of them, nothing without a change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from batch_etl.errors import AuditFailed, LockHeld, RunStateMissing
from batch_etl.lake.iceberg import IcebergTable
from batch_etl.lake.lock import Lock
from batch_etl.medallion import gold as gold_module
from batch_etl.medallion.tables import MARTS, TRANSACTION_ITEMS
from lying_api import order
from medallion_world import LOCKS, event

DAILY = "SELECT * FROM gold.store_daily_sales ORDER BY 1, 2"
FUNNEL = "SELECT * FROM gold.conversion_funnel ORDER BY 1"
JOURNAL = "SELECT runId, snapshots FROM gold.medallion_publications ORDER BY publishedAt"


def test_sales_leave_out_cancelled_transactions_and_show_them(world):
    world.land(
        "p1", order(1), order(2, "0.05"), order(3, "7.00", status="Cancelled"), order(4, order_date="2026-05-02")
    )
    world.to_silver()
    report = world.to_gold()
    first, second = date(2026, 5, 1), date(2026, 5, 2)
    assert world.ask(DAILY) == [
        (first, "online", Decimal("20.10"), 2, 4, Decimal("14.00"), 1),
        (second, "online", Decimal("20.00"), 1, 2, Decimal("0.00"), 0),
    ]
    assert world.ask("SELECT * FROM gold.store_product_performance") == [
        ("online", "S10_1678", Decimal("40.10"), 3, 6, Decimal("14.00"), 2, first, second)
    ]
    assert {name: facts["rows"] for name, facts in report.tables.items()} == {
        "store_daily_sales": 2, "store_product_performance": 1, "conversion_funnel": 0,
    }  # fmt: skip


def test_an_order_belongs_to_the_last_session_of_its_customer_on_that_day(world):
    may = {"order_date": "2026-05-21"}
    world.land("p1", order(1, **may), order(2, customer_number=8, **may), order(3), order(4, customer_number=99, **may))
    world.archive(
        "a",
        event("e1", "morning", 8, "A", customer=7),
        event("e2", "evening", 20, "A", "B+", customer=7),
        event("e3", "silent", 9, customer=8),
        event("e4", "passing", 9),
        event("e5", "looking", 9, "A"),
        event("e6", "hesitating", 9, "A+"),
    )
    world.to_silver()
    world.to_gold()
    assert world.ask(FUNNEL) == [(date(2026, 5, 21), 6, 5, 3, 2, 2, Decimal("40.00"), Decimal("0.3333"))]


def test_a_publication_names_all_marts_and_an_unchanged_silver_makes_none(world):
    world.land("p1", order(1))
    world.to_silver()
    world.to_gold("gold-1")
    [(run_id, snapshots)] = world.ask(JOURNAL)
    assert (run_id, set(snapshots)) == ("gold-1", set(MARTS))
    report = world.to_gold("gold-2")
    assert report.notes == ["no mart says anything new: nothing was published"]
    assert world.ask(JOURNAL) == [("gold-1", snapshots)]
    assert heads(world) == snapshots
    assert branches(world) == set()

    world.land("p2", order(2, order_date="2026-05-02"), minute=5)
    world.to_silver("silver-2")
    world.to_gold("gold-3")
    after = dict(world.ask(JOURNAL))["gold-3"]
    assert after == heads(world)
    assert after["conversion_funnel"] == snapshots["conversion_funnel"], "what says the same keeps its snapshot"
    assert after["store_daily_sales"] != snapshots["store_daily_sales"]


def test_marts_that_do_not_add_up_are_not_published(world, monkeypatch):
    world.land("p1", order(1), order(2))
    world.to_silver()
    world.to_gold("gold-1")
    before = world.ask(DAILY)
    world.land("p2", order(3), minute=5)
    world.to_silver("silver-2")
    with monkeypatch.context() as patch:
        patch.setattr(
            gold_module,
            "store_daily_sales",
            lambda items: made(items.where("transaction_id <> '1'")),
        )
        with pytest.raises(AuditFailed, match=r"store_daily_sales: amount .* expected 60\.00, found 40\.00"):
            world.to_gold("gold-2")
    assert world.ask(DAILY) == before
    assert len(world.ask(JOURNAL)) == 1
    world.to_gold("gold-3")
    assert world.ask("SELECT SUM(total_sales) FROM gold.store_daily_sales") == [(Decimal("60.00"),)]
    assert branches(world) == set(), "what the failed run left is gone"


made = gold_module.store_daily_sales


@pytest.mark.parametrize("moved", [pytest.param(0, marks=pytest.mark.slow), 2])
def test_a_publication_that_is_cut_off_is_finished_by_the_next_run(world, monkeypatch, moved):
    world.land("p1", order(1))
    world.archive("a", event("e1", "s1", 8, "A"))
    world.to_silver()
    left = moved

    def dies(table, branch):
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        return forward(table, branch)

    forward = IcebergTable.fast_forward
    with monkeypatch.context() as patch:
        patch.setattr(IcebergTable, "fast_forward", dies)
        with pytest.raises(KeyboardInterrupt):
            world.to_gold("gold-1")
    report = world.to_gold("gold-2")
    assert "finished the publication of run gold-1" in report.notes
    [(run_id, snapshots)] = world.ask(JOURNAL)
    assert (run_id, heads(world), branches(world)) == ("gold-1", snapshots, set())


def test_a_publication_waits_for_the_lock_and_then_gives_up(world, monkeypatch):
    monkeypatch.setattr(gold_module, "LOCK_PATIENCE_SECONDS", 0)
    world.land("p1", order(1))
    world.to_silver()
    with (
        Lock(world.dynamodb, LOCKS, "publish", owner="the-star", lease=5).held(),
        pytest.raises(LockHeld, match="the-star"),
    ):
        world.to_gold()
    assert world.to_gold().counts["published"] == 2


def test_gold_without_silver_says_what_to_run(world):
    with pytest.raises(RunStateMissing, match="bronze-to-silver first"):
        world.to_gold()


def test_a_shop_without_an_order_publishes_empty_marts(world):
    world.to_silver()
    world.to_gold()
    assert (world.ask(DAILY), world.ask(FUNNEL)) == ([], [])


def test_amounts_of_many_digits_stay_exact(world):
    table = IcebergTable(world.spark, f"{world.project}_silver", "transaction_items")
    world.to_silver()
    day, price = datetime(2026, 5, 1, tzinfo=UTC), Decimal("99999999.99")
    rows = [
        (str(n), "online", day, 1, "A", 999_999_999, price, 999_999_999 * price, "7", "Shipped", day, "v")
        for n in range(9)
    ]
    table.append(world.spark.createDataFrame(rows, TRANSACTION_ITEMS))
    world.to_gold()
    assert world.ask("SELECT total_sales FROM gold.store_daily_sales") == [(9 * 999_999_999 * price,)]


def heads(world):
    return {name: mart(world, name).refs()["main"] for name in MARTS}


def branches(world):
    return {ref for name in MARTS for ref in mart(world, name).refs() if ref.startswith("run_")}


def mart(world, name):
    return IcebergTable(world.spark, f"{world.project}_gold", name)
