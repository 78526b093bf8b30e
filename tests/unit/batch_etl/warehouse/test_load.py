"""The load against a real PostgreSQL: all of a publication or nothing, whatever happens in between."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pytest
from batch_etl.errors import AuditFailed, WarehouseBusy, WarehouseRefused, WarehouseUnreachable
from batch_etl.schemas import STAR
from batch_etl.warehouse import load as loading
from batch_etl.warehouse.connection import connected
from batch_etl.warehouse.load import keep_others_out, load
from batch_etl.warehouse.merge import Changes
from warehouse_world import line

COUNTS = {
    "dim_customers": 2, "dim_products": 2, "dim_locations": 2, "dim_dates": 3,
    "fact_orders": 2, "daily_sales": 1, "product_performance": 2,
}  # fmt: skip
AMOUNT = "SELECT sum(orderamount) FROM fact_orders"


@contextmanager
def loader(database, name="a load"):
    with connected(database.warehouse(), name) as connection:
        connection.execute("SET lock_timeout = '200ms'")
        keep_others_out(connection)
        yield connection


def run(database, small_lake, run_id="run", **options):
    with loader(database) as connection:
        return load(connection, small_lake.pinned, small_lake.chunks, run_id=run_id, **options)


def test_the_first_load_brings_every_row_and_says_so(database, small_lake):
    loaded = run(database, small_lake, "first")
    assert database.counts() == COUNTS
    assert loaded.changes["fact_orders"] == Changes(inserted=2)
    assert loaded.figures["fact_orders"].sums["orderamount"] == Decimal("30.35")
    assert database.ask(AMOUNT) == [(Decimal("30.35"),)]
    (run_id, publications, snapshots, tables), *others = database.ask(
        "SELECT run_id, publications, snapshots, tables FROM loads"
    )
    assert (run_id, publications, snapshots, others) == ("first", {"star": "run-1"}, dict.fromkeys(STAR, 1), [])
    assert {"rows": 2, "inserted": 2, "updated": 0, "deleted": 0}.items() <= tables["fact_orders"].items()
    assert tables["fact_orders"]["sums"]["orderamount"] == "30.35"


def test_the_same_publication_again_is_nothing_to_do(database, small_lake):
    run(database, small_lake)
    small_lake.read.clear()
    assert run(database, small_lake).idle
    assert small_lake.read == []
    assert database.ask("SELECT count(*) FROM loads") == [(1,)]


def test_forced_it_reads_all_and_writes_no_row(database, small_lake):
    run(database, small_lake)
    before = database.ask("SELECT xmin::text, ctid::text FROM fact_orders")
    assert set(run(database, small_lake, force=True).changes.values()) == {Changes()}
    assert database.ask("SELECT xmin::text, ctid::text FROM fact_orders") == before


def test_what_is_new_changed_or_gone_follows_the_lake_and_the_rest_stays_untouched(database, small_lake):
    small_lake.put("fact_orders", line(1, 3, "10.10"), line(2, 1, "0.05"), line(3, 1, "5.00"))
    run(database, small_lake)
    untouched = database.ask("SELECT xmin::text FROM fact_orders WHERE orderlinenumber = 1")
    small_lake.read.clear()
    small_lake.put("fact_orders", line(1, 3, "10.10"), line(2, 2, "0.05"), line(4, 1, "7.00", "B", 2))
    loaded = run(database, small_lake)
    assert small_lake.read == ["fact_orders"]
    assert loaded.changes == {"fact_orders": Changes(inserted=1, updated=1, deleted=1)}
    assert database.ask("SELECT orderlinenumber, orderamount FROM fact_orders ORDER BY 1") == [
        (1, Decimal("30.30")),
        (2, Decimal("0.10")),
        (4, Decimal("7.00")),
    ]
    assert database.ask("SELECT xmin::text FROM fact_orders WHERE orderlinenumber = 1") == untouched


def test_a_row_whose_key_has_no_value_is_the_same_row_the_next_time(database, small_lake):
    run(database, small_lake)
    assert database.ask("SELECT productline FROM daily_sales") == [(None,)]
    small_lake.put("daily_sales", small_lake.rows["daily_sales"][0] | {"cancelledrevenue": Decimal(1)})
    assert run(database, small_lake).changes == {"daily_sales": Changes(updated=1)}


def test_a_dimension_may_lose_what_its_facts_lose_in_the_same_load(database, small_lake):
    run(database, small_lake)
    small_lake.put("dim_products", {"productcode": "A"})
    small_lake.put("product_performance", small_lake.rows["product_performance"][0])
    small_lake.put("fact_orders", line(1, 3, "10.10"))
    run(database, small_lake)
    assert database.ask("SELECT productcode FROM dim_products") == [("A",)]


def test_a_reader_sees_one_load_to_the_end_of_his_transaction_and_stops_nobody(database, small_lake):
    run(database, small_lake)
    small_lake.put("fact_orders", line(1, 1, "1.00"))
    small_lake.put("dim_products", {"productcode": "A", "productname": "renamed"}, {"productcode": "B"})
    with database.connect("warehouse_reader", autocommit=False) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        before = reader.execute(AMOUNT).fetchall()
        run(database, small_lake)
        assert reader.execute(AMOUNT).fetchall() == before == [(Decimal("30.35"),)]
        assert reader.execute("SELECT productname FROM dim_products ORDER BY 1").fetchone() == ('A "ship"',)
        reader.rollback()
        assert reader.execute(AMOUNT).fetchall() == [(Decimal("1.00"),)]


def test_until_the_commit_every_reader_sees_the_load_before(database, small_lake, monkeypatch):
    run(database, small_lake)
    seen = []

    def look(connection, table):
        seen.append(database.ask(AMOUNT))
        return figures_of(connection, table)

    figures_of = loading.figures_of
    monkeypatch.setattr(loading, "figures_of", look)
    small_lake.put("fact_orders", line(1, 1, "1.00"))
    run(database, small_lake)
    assert seen == [[(Decimal("30.35"),)]] * len(STAR)
    assert database.ask(AMOUNT) == [(Decimal("1.00"),)]


@pytest.mark.parametrize("moment", ["staging", "merged"])
def test_a_load_that_dies_leaves_the_one_before_and_the_way_free(database, small_lake, monkeypatch, moment):
    run(database, small_lake)
    small_lake.put("dim_products", {"productcode": "A"}, {"productcode": "B"}, {"productcode": "C"})
    small_lake.put("fact_orders", line(1, 1, "1.00"), line(2, 1, "1.00", "C"))

    def killed(*_):
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'a load'"
        assert database.ask(kill, "warehouse_loader") == [(True,)]
        return figures_of(*_)

    figures_of = loading.figures_of
    with monkeypatch.context() as patch:
        if moment == "merged":
            patch.setattr(loading, "figures_of", killed)
        else:
            patch.setattr(loading, "merge", killed)
        with pytest.raises(WarehouseUnreachable, match="The load before this one stays"):
            run(database, small_lake)
    assert database.ask(AMOUNT) == [(Decimal("30.35"),)]
    assert database.ask("SELECT count(*) FROM loads") == [(1,)]
    run(database, small_lake)
    assert database.ask(AMOUNT) == [(Decimal("2.00"),)]


def test_a_fact_without_its_dimension_is_refused_by_name(database, small_lake):
    run(database, small_lake)
    small_lake.put("fact_orders", line(1, 1, "1.00", product="unknown"))
    with pytest.raises(WarehouseRefused, match=r"fact_orders_productcode_fkey.*\(productcode\)=\(unknown\)"):
        run(database, small_lake)
    assert database.ask(AMOUNT) == [(Decimal("30.35"),)]


def test_a_row_that_breaks_a_check_is_refused_by_its_line(database, small_lake):
    run(database, small_lake)
    small_lake.put("fact_orders", line(1, 1, "1.00"), line(2, 2, "1.00") | {"orderamount": Decimal("2.01")})
    with pytest.raises(WarehouseRefused, match=r"fact_orders_amount_check.*COPY staged_fact_orders, line 2"):
        run(database, small_lake)
    assert database.ask(AMOUNT) == [(Decimal("30.35"),)]


def test_a_key_that_repeats_is_refused(database, small_lake):
    small_lake.put("fact_orders", line(1, 1, "1.00"), line(1, 1, "2.00"))
    with pytest.raises(WarehouseRefused, match="fact_orders_pkey"):
        run(database, small_lake)
    assert database.counts() == dict.fromkeys(STAR, 0)


def test_rows_that_arrive_otherwise_than_they_were_read_are_not_committed(database, small_lake):
    def lossy(table):
        for chunk in small_lake.chunks(table):
            yield dataclasses.replace(chunk, rows=chunk.rows + (table.name == "dim_dates"))

    with loader(database) as connection, pytest.raises(AuditFailed, match="dim_dates: expected 6 rows, found 3"):
        load(connection, small_lake.pinned, lossy, run_id="run")
    assert database.counts() == dict.fromkeys(STAR, 0)


def test_what_somebody_changed_in_the_warehouse_is_found_and_a_forced_load_mends_it(database, small_lake):
    run(database, small_lake)
    database.do("DELETE FROM fact_orders WHERE orderlinenumber = 2")
    small_lake.put("dim_products", {"productcode": "A"}, {"productcode": "B"})
    with pytest.raises(AuditFailed, match=r"fact_orders: expected 2 rows, found 1.*--force true"):
        run(database, small_lake)
    run(database, small_lake, force=True)
    assert database.counts() == COUNTS


def test_two_loads_at_once_exclude_each_other(database, small_lake):
    busy = pytest.raises(WarehouseBusy, match="under way: retail-warehouse-load jr_1 since ")
    with loader(database, "retail-warehouse-load jr_1"), busy:
        run(database, small_lake)
    run(database, small_lake)


def test_text_arrives_as_it_is(database, small_lake):
    names = ["", "\\.", "a\n\\.\nb", '"quoted", and more', "\\N", " \t", "Gruß 🚢", "NULL", None]
    small_lake.put("dim_products", *({"productcode": f"P{i}", "productname": name} for i, name in enumerate(names)),
             {"productcode": "A"}, {"productcode": "B"})  # fmt: skip
    run(database, small_lake)
    found = database.ask("SELECT productname FROM dim_products WHERE productcode LIKE 'P%' ORDER BY productcode")
    assert [name for (name,) in found] == names


def test_the_character_that_text_cannot_hold_is_left_out_and_counted(database, small_lake):
    small_lake.put("dim_products", {"productcode": "A", "productname": "sh\0ip\0"}, {"productcode": "B"})
    assert run(database, small_lake).nul_characters == 1
    assert database.ask("SELECT productname FROM dim_products WHERE productcode = 'A'") == [("ship",)]


def test_another_schema_is_brought_up_to_date_and_all_is_loaded_again(database, small_lake):
    run(database, small_lake)
    database.do("DROP TABLE product_performance")
    database.do("UPDATE loads SET schema_digest = 'an older one'")
    small_lake.read.clear()
    loaded = run(database, small_lake)
    assert set(small_lake.read) == set(STAR)
    assert loaded.changes["product_performance"] == Changes(inserted=2)
    assert database.counts() == COUNTS
