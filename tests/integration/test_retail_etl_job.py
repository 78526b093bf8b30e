"""retail-etl-job on Glue, from a real database to tables that Athena reads."""

from __future__ import annotations

import time
import tomllib

import pytest
from batch_etl.sources.mysql import open_snapshot
from etl_world import DUMP, ENDED
from support import CHECKOUT

pytestmark = pytest.mark.local_aws


@pytest.fixture
def world(dump_world):
    return dump_world.as_the_dump()


@pytest.fixture
def first(world):
    return world.published


def test_the_dump_gives_2996_lines_and_its_revenue_to_the_cent(world, first):
    assert world.facts() == DUMP
    assert first["status"] == "SUCCEEDED"
    assert first["sums"] == {"source": "9,604,190.61", "quarantined": "0.00", "fact_orders": "9,604,190.61"}
    assert first["counts"] == {"read": 3864, "written": 5258, "quarantined": 0}
    assert first["tables"]["fact_orders"]["rows"] == 2996


def test_athena_finds_no_orphan_and_joins_lose_nothing(world, first):
    joined = world.ask(
        "SELECT COUNT(*), SUM(f.orderAmount) FROM gold.fact_orders f "
        "JOIN gold.dim_customers c ON f.customerNumber = c.customerNumber "
        "JOIN gold.dim_products p ON f.productCode = p.productCode "
        "JOIN gold.dim_locations l ON f.locationKey = l.locationKey "
        "JOIN gold.dim_dates d ON f.orderDate = d.dateKey"
    )
    assert joined == [DUMP]


def test_every_check_of_the_run_is_on_record(world, first):
    recorded = world.ask(
        f"SELECT passed, COUNT(*) FROM gold.quality_results WHERE runId = '{first['run_id']}' GROUP BY 1"
    )
    assert recorded == [("true", "33")]


def test_a_rerun_of_an_unchanged_source_changes_no_table(world, first):
    again = world.publish()
    assert again["run_id"] != first["run_id"]
    assert again["tables"] == first["tables"]
    assert world.facts() == DUMP
    version = tomllib.loads((CHECKOUT / "batch-etl-pipeline/pyproject.toml").read_text())["project"]["version"]
    runs = f"'{first['run_id']}', '{again['run_id']}'"
    published = f"SELECT codeVersion, COUNT(*) FROM gold.publications WHERE runId IN ({runs}) GROUP BY 1"
    assert world.ask(published) == [(version, "2")]


def test_a_stage_without_the_one_before_says_so(world, first):
    run = world.run(stages="publish", run_id="never-began")
    assert run["JobRunState"] == "FAILED"
    assert "RunStateMissing" in run["ErrorMessage"]
    assert "'extract' of run 'never-began' has not succeeded" in run["ErrorMessage"]


def test_a_write_during_the_extract_never_tears_an_order_from_its_lines(world):
    with open_snapshot(world.reader()) as snapshot:
        tables = {table.name: table for table in snapshot.tables()}
        lines = [row for rows in snapshot.stream(tables["orderdetails"]) for row in rows]
        world.mysql(
            "INSERT INTO orders VALUES (20001, '2005-06-01', '2005-06-08', NULL, 'In Process', NULL, 103)",
            "INSERT INTO orderdetails VALUES (20001, 'S10_1678', 5, 10.00, 1)",
            "DELETE FROM orderdetails WHERE orderNumber = 10425",
        )
        orders = [row for rows in snapshot.stream(tables["orders"]) for row in rows]
        figures = snapshot.figures(list(tables.values()))
    assert len(lines) == figures.lines.rows == 2996
    assert len(orders) == figures.rows["orders"] == 326
    assert b"20001" not in {row[0] for row in orders}
    assert world.mysql("SELECT COUNT(*) FROM orderdetails WHERE orderNumber = 20001") == [(1,)]


ORPHANS = """
SELECT
  COUNT(*),
  COUNT_IF(c.customerNumber IS NULL OR p.productCode IS NULL OR l.locationKey IS NULL OR d.dateKey IS NULL)
FROM gold.fact_orders f
LEFT JOIN gold.dim_customers c ON f.customerNumber = c.customerNumber
LEFT JOIN gold.dim_products p ON f.productCode = p.productCode
LEFT JOIN gold.dim_locations l ON f.locationKey = l.locationKey
LEFT JOIN gold.dim_dates d ON f.orderDate = d.dateKey
"""


@pytest.mark.slow
def test_a_reader_polling_throughout_never_meets_an_orphan(world, first):
    """Keys come and go in one run: the new lines need new dimension rows, the old lines the ones that leave.

    Publishing is a job run of its own, as in retail-nightly.
    """
    world.mysql(
        "INSERT INTO customers SELECT 9001, 'Newcomers', 'New', 'Ann', '1', 'Way 1', NULL, 'Reykjavik', NULL, '101', "
        "'Iceland', NULL, 1000.00",
        "INSERT INTO products SELECT 'S99_0001', 'New car', productLine, productScale, productVendor, "
        "productDescription, 10, 5.00, 9.00 FROM products WHERE productCode = 'S10_1678'",
        "INSERT INTO orders VALUES (30001, '2031-02-03', '2031-02-10', NULL, 'In Process', NULL, 9001)",
        "INSERT INTO orderdetails VALUES (30001, 'S99_0001', 7, 9.00, 1)",
        "DELETE FROM orderdetails WHERE productCode = 'S18_3232' OR orderNumber IN (SELECT orderNumber FROM orders "
        "WHERE customerNumber = 141)",
        "DELETE FROM products WHERE productCode = 'S18_3232'",
        "DELETE FROM orders WHERE customerNumber = 141",
        "DELETE FROM payments WHERE customerNumber = 141",
        "DELETE FROM customers WHERE customerNumber = 141",
    )
    before = world.ask(ORPHANS)[0]
    staged = polled_through(world, "extract,build,audit")
    assert set(staged) == {before}, "nothing is seen before the publication"
    published = polled_through(world, "publish")
    after = world.ask(ORPHANS)[0]
    assert {orphans for _, orphans in (before, *published, after)} == {"0"}
    assert before != after, "the publication changed the facts"
    assert {rows for rows, _ in published} <= {before[0], after[0]}, "the facts change at once"
    assert world.facts() == world.lines(), "what readers have is what the source says"
    assert world.report("polled")["status"] == "SUCCEEDED"


def polled_through(world, stages):
    """What a reader sees, again and again, while these stages run."""
    job_run, seen = world.start(stages=stages, run_id="polled"), []
    while world.state(job_run) not in ENDED:
        seen.append(world.ask(ORPHANS)[0])
        time.sleep(0.2)  # Trino and the job share a machine
    assert world.state(job_run) == "SUCCEEDED", world.job_run(job_run).get("ErrorMessage")
    return seen
