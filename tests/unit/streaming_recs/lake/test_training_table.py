"""Written to a branch, audited there, published by one fast-forward: on a real Iceberg catalogue."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from streaming_recs.lake.errors import AuditFailedError, NotPublishedError
from streaming_recs.lake.training_table import TrainingTable
from streaming_recs.transforms.schema import RATINGS_ML_TRAINING

NOTE = {"publication": "night-1", "sources": '{"fact_orders": 42}'}


def row(number: int, customer: int = 1, weight: float = 1.0):
    attributes = ("Cars", "1:10", "Min", 5, Decimal("1.00"), Decimal("2.00"), "Nantes", None, "France", Decimal("9.00"))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return (f"order:{number}:1", customer, "A", moment, 1, None, weight, "purchase", *attributes)


def frame(spark, *rows):
    return spark.createDataFrame(list(rows), RATINGS_ML_TRAINING)


@pytest.fixture
def table(spark, project):
    return TrainingTable(spark, f"{project}_gold")


def test_readers_see_what_was_published_and_where_it_came_from(spark, table):
    figures, snapshot = table.publish(frame(spark, row(1), row(2, customer=2)), "night-1", NOTE)
    assert (figures["rows"], figures["customers"], snapshot) == (2, 2, table.snapshot())
    assert table.read(snapshot).count() == 2
    assert table.origin(snapshot) == {"publication": "night-1", "sources": {"fact_orders": 42}}
    assert set(table._refs()) == {"main"}


def test_it_knows_what_it_is_made_of(spark, table):
    assert not table.is_made_of({"fact_orders": 42})
    table.publish(frame(spark, row(1)), "night-1", NOTE)
    assert table.is_made_of({"fact_orders": 42})
    assert not table.is_made_of({"fact_orders": 43})


def test_a_second_run_replaces_the_first(spark, table):
    table.publish(frame(spark, row(1), row(2)), "night-1", NOTE)
    _, snapshot = table.publish(frame(spark, row(3)), "night-2", NOTE)
    assert [found["interactionId"] for found in table.read(snapshot).collect()] == ["order:3:1"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "it is empty"),
        ([row(1), row(1)], "1 rows repeat an interactionId"),
        ([(None, *row(1)[1:])], "1 rows lack one of interactionId"),
        ([row(1, weight=-1.0)], "1 weights are missing or negative"),
        ([row(1, weight=float("nan"))], "1 weights are missing or negative"),
    ],
)
def test_what_breaks_an_invariant_is_refused_and_the_old_rows_stay(spark, table, rows, reason):
    _, before = table.publish(frame(spark, row(9)), "good", NOTE)
    with pytest.raises(AuditFailedError, match=reason):
        table.publish(frame(spark, *rows), "bad", NOTE)
    assert table.snapshot() == before
    assert set(table._refs()) == {"main"}


def test_the_branch_of_a_run_that_died_goes_with_the_next_run(spark, table):
    table.publish(frame(spark, row(1)), "night-1", NOTE)
    spark.sql(f"ALTER TABLE {table.identifier} CREATE BRANCH run_died")
    table.publish(frame(spark, row(2)), "night-2", NOTE)
    assert set(table._refs()) == {"main"}


def test_files_do_not_grow_with_customers(spark, table):
    rows = [row(number, customer=number) for number in range(3000)]
    table.publish(frame(spark, *rows), "many", NOTE)
    files = spark.sql(f"SELECT file_path, record_count FROM {table.identifier}.files").collect()
    assert sum(file["record_count"] for file in files) == 3000
    assert len(files) <= 2


def test_before_the_first_run_it_says_what_to_run(table):
    with pytest.raises(NotPublishedError, match="retail-ml-etl-job"):
        table.snapshot()
