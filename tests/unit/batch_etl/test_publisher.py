"""Publication by journal, on a real Iceberg catalogue: what a reader sees, and what a crash leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from batch_etl.errors import PublicationConflict, RunStateMissing
from batch_etl.lake.iceberg import branch_name
from batch_etl.lake.publisher import Publisher
from batch_etl.lake.records import Publication, Records
from batch_etl.quality.clean_source import clean_source
from batch_etl.schemas import DIMENSIONS, STAR
from batch_etl.transforms.star_schema import star_schema
from small_tables import rows, small_source

# Paris and its customer are gone, Lyon's is new; so are an order and its product.
CHANGED = {
    "customers": ("customerNumber city", [(1, "Nantes"), (3, "Lyon")]),
    "products": ("productCode", [("A",), ("C",)]),
    "orders": ("orderNumber customerNumber orderDate", [(10, 1, date(2004, 2, 1)), (12, 3, date(2005, 2, 2))]),
    "orderdetails": (
        "orderNumber orderLineNumber productCode priceEach",
        [(10, 1, "A", Decimal(9)), (12, 1, "C", Decimal(8))],
    ),
}  # fmt: skip

PARENTS = {
    "customerNumber": ("dim_customers", "customerNumber"),
    "productCode": ("dim_products", "productCode"),
    "locationKey": ("dim_locations", "locationKey"),
    "orderDate": ("dim_dates", "dateKey"),
}


class Killed(BaseException):
    """The process is gone: nothing catches it."""


class World:
    """The gold tables of a project as the test's reader and its runs see them."""

    def __init__(self, spark, project, versions):
        self.spark = spark
        self.versions = versions
        self.records = Records(spark, f"{project}_bronze", f"{project}_gold")
        self.publisher = self.with_hook(lambda: None)
        self.gold = f"glue_catalog.{project}_gold"

    def with_hook(self, hook):
        return Publisher(self.spark, self.records.gold, self.records, still_ours=hook, settle=hook)

    def write(self, run_id, version="old"):
        snapshots = {name: self.publisher.write(run_id, name, made) for name, made in self.versions[version].items()}
        return Publication(run_id, datetime.now(UTC), "1", snapshots, 1, 2, 0)

    def visible(self):
        return {name: rows(self.publisher.table(name).read()) for name in STAR}

    def orphans(self):
        """How many facts find no row of a dimension, each dimension counted."""
        facts, found = self.publisher.table("fact_orders").read().select(*PARENTS).collect(), 0
        for column, (name, key) in PARENTS.items():
            keys = {row[key] for row in self.publisher.table(name).read().select(key).collect()}
            found += sum(fact[column] not in keys for fact in facts)
        return found

    def branches(self):
        return {ref for name in STAR for ref in self.publisher.table(name).refs() if ref.startswith("run_")}


def star(spark, **changed):
    made = {}
    for name, make in star_schema(clean_source(small_source(spark, **changed), repeated=()).tables).items():
        made[name] = spark.createDataFrame(make(made).collect(), STAR[name]).coalesce(1)
    return made


@pytest.fixture(scope="module")
def versions(spark):
    return {"old": star(spark), "new": star(spark, **CHANGED)}


@pytest.fixture
def world(spark, lake, versions):
    return World(spark, lake, versions)


def test_nothing_is_seen_before_the_publication_and_all_of_it_after(world):
    entry = world.write("first")
    assert world.visible() == {name: [] for name in STAR}
    world.publisher.publish(entry)
    assert [len(found) for found in world.visible().values()] == [2, 2, 2, 366, 3, 3, 2]
    assert world.records.journaled("first") == entry.snapshots
    assert world.branches() == set()
    assert all(world.publisher.table(n).refs()["pub_first"] == s for n, s in entry.snapshots.items())


def test_no_reader_sees_an_orphan_at_any_step_although_keys_come_and_go(world):
    world.publisher.publish(world.write("old"))
    entry = world.write("new", "new")
    seen = []
    world.with_hook(lambda: seen.append(world.orphans())).publish(entry)
    assert len(seen) > len(STAR)
    assert set(seen) == {0}
    assert rows(world.publisher.table("dim_customers").read(), "customerNumber") == [(1,), (3,)]
    assert world.orphans() == 0


@pytest.mark.parametrize("step", [1, 5, 10, *(pytest.param(step, marks=pytest.mark.slow) for step in (2, 8))])
def test_a_run_killed_at_any_step_is_undone_or_finished_by_the_next(world, step):
    world.publisher.publish(world.write("old"))
    before = world.visible()
    entry = world.write("new", "new")
    steps = iter(range(1, 100))

    def die_at_step():
        if next(steps) == step:
            raise Killed

    with pytest.raises(Killed):
        world.with_hook(die_at_step).publish(entry)
    assert world.orphans() == 0

    done = world.publisher.recover()

    journaled = step > 1
    assert done == (
        ["finished the publication of run new"] if journaled else ["removed branch run_new, which was never published"]
    )
    assert (world.visible() == before) is not journaled
    assert (world.publisher.published("fact_orders") == entry.snapshots["fact_orders"]) is journaled
    assert world.orphans() == 0
    assert world.branches() == set()
    assert world.publisher.recover() == []


def test_a_run_that_was_never_audited_is_removed_although_its_id_is_in_the_journal(world):
    world.publisher.publish(world.write("same"))
    before = world.visible()
    world.write("same", "new")
    assert world.publisher.recover() == ["removed branch run_same, which was never published"]
    assert world.visible() == before


def test_an_unchanged_table_keeps_its_snapshot_and_the_journal_points_to_it(world):
    first = world.write("first")
    world.publisher.publish(first)
    second = world.write("second")
    unchanged = {name: world.publisher.published(name) for name in DIMENSIONS}
    world.publisher.publish(Publication("second", datetime.now(UTC), "1", second.snapshots | unchanged, 1, 2, 0))
    assert {name: world.publisher.published(name) for name in DIMENSIONS} == {n: first.snapshots[n] for n in DIMENSIONS}
    assert world.publisher.published("fact_orders") == second.snapshots["fact_orders"]
    assert world.branches() == set()


def test_publishing_twice_changes_nothing_more(world):
    entry = world.write("once")
    world.publisher.publish(entry)
    world.publisher.publish(entry)
    assert world.spark.table(f"{world.gold}.publications").count() == 1
    assert {name: world.publisher.published(name) for name in STAR} == entry.snapshots


def test_a_table_that_moved_on_meanwhile_is_not_overwritten(world):
    world.publisher.publish(world.write("old"))
    entry = world.write("new", "new")
    world.publisher.table("dim_dates").delete("year = 2004 AND month = 12")
    with pytest.raises(PublicationConflict, match="dim_dates was changed after branch run_new was made"):
        world.publisher.publish(entry)


def test_a_branch_that_another_run_removed_is_missed_by_name(world):
    entry = world.write("mine")
    world.publisher.recover()
    with pytest.raises(PublicationConflict, match="another run has removed"):
        world.publisher.publish(entry)
    with pytest.raises(RunStateMissing, match="Run the stage build again"):
        world.publisher.read("mine", "fact_orders")


def test_a_pinned_publication_stays_readable_after_the_next(world):
    first = world.write("first")
    world.publisher.publish(first)
    before = world.visible()["fact_orders"]
    world.publisher.publish(world.write("second", "new"))
    pinned = world.publisher.table("fact_orders").read_at(world.records.journaled("first")["fact_orders"])
    assert rows(pinned) == before


def test_run_ids_of_step_functions_make_branch_names():
    assert branch_name("retail-nightly:2026-11-21T02:00") == "run_retail_nightly_2026_11_21T02_00"
