"""What is read from the lake: the last publication of each group of tables, at its snapshots, exactly."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from batch_etl.errors import WarehouseLayoutError
from batch_etl.lake.iceberg import IcebergTable
from batch_etl.lake.records import Publication, Records
from batch_etl.medallion.tables import JOURNAL, MARTS
from batch_etl.schemas import STAR, table
from batch_etl.warehouse.publications import pin, read_table
from batch_etl.warehouse.rows import Figures, chunks

AMOUNTS = table("""
    rowName      STRING
    rowKey       BIGINT
    orderAmount  DECIMAL(21,2)
""")


def published(spark, project, run_id, hour, journal="publications", **snapshots):
    records = Records(spark, f"{project}_bronze", f"{project}_gold", journal)
    records.journal(Publication(run_id, datetime(2026, 1, 1, hour, tzinfo=UTC), "1", snapshots, 0, 0, 0))


def test_each_group_is_pinned_at_its_own_last_publication(spark, lake):
    published(spark, lake, "star-1", 1, **dict.fromkeys(STAR, 11))
    published(spark, lake, "star-2", 3, **dict.fromkeys(STAR, 12))
    published(spark, lake, "marts-1", 2, JOURNAL, **dict.fromkeys(MARTS, 21))
    published(spark, lake, "marts-2", 4, JOURNAL, **dict.fromkeys(MARTS, 22))
    pinned = pin(spark, f"{lake}_gold")
    assert pinned.publications == {"star": "star-2", "medallion": "marts-2"}
    assert pinned.snapshots == dict.fromkeys(STAR, 12) | dict.fromkeys(MARTS, 22)


def test_marts_that_were_never_published_are_left_out(spark, lake):
    published(spark, lake, "star-1", 1, **dict.fromkeys(STAR, 11))
    assert pin(spark, f"{lake}_gold").publications == {"star": "star-1"}


def test_without_a_publication_of_the_star_it_says_what_to_run(spark, lake):
    with pytest.raises(WarehouseLayoutError, match="Run the ETL job first"):
        pin(spark, f"{lake}_gold")


def test_rows_are_those_of_the_snapshot_whatever_was_written_since(spark, lake):
    amounts = IcebergTable(spark, f"{lake}_gold", "amounts")
    amounts.ensure(AMOUNTS)
    biggest = 2**63 - 1
    old = [(f"row {i}", biggest, Decimal("0.01")) for i in range(1000)]
    snapshot = amounts.replace(spark.createDataFrame(old, AMOUNTS).repartition(4))
    amounts.replace(spark.createDataFrame([("new", 1, Decimal(1))], AMOUNTS))
    read = list(chunks(read_table(spark, f"{lake}_gold", "amounts", snapshot), ["orderamount", "rowkey", "rowname"]))
    figures = Figures()
    for chunk in read:
        figures.add(chunk)
    assert figures == Figures(1000, {"orderamount": Decimal("10.00"), "rowkey": 1000 * Decimal(biggest)})
    lines = b"".join(chunk.lines for chunk in read).decode().splitlines()
    assert sorted(lines) == sorted(f'0.01,{biggest},"row {i}"' for i in range(1000))
