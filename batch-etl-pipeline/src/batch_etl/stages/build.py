"""build: bronze mirrors → star schema on the run's branches, and rows that do not fit → quarantine."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce

from pyspark.sql import DataFrame

from batch_etl.lake.staging import read_staged
from batch_etl.parallel import side_by_side
from batch_etl.quality.audit import LineTotals
from batch_etl.quality.clean_source import KEYS, CleanSource, amounts, clean_source, repeated_keys
from batch_etl.quality.quarantine import as_records
from batch_etl.schemas import DIMENSIONS, FACTS, MARTS, REJECTED_ROWS
from batch_etl.stages.context import Run
from batch_etl.stages.state import Built, Extracted
from batch_etl.transforms.star_schema import star_schema


def build(run: Run) -> Built:
    """Write every star table to the run's branch; a later table reads the earlier ones from there."""
    extracted = Extracted.from_json(run.folder.read("extract"))
    bronze = {name: run.mirror.read(name, extracted.mirrors[name].snapshot) for name in KEYS}
    repeated = {row["tableName"] for row in repeated_keys(bronze).collect() if row["repeats"]}
    source = clean_source(bronze, repeated)
    make = star_schema(source.tables)
    star: dict[str, DataFrame] = {}
    snapshots: dict[str, int] = {}

    def write(name: str) -> int:
        return run.publisher.write(run.run_id, name, make[name](star))

    for layer in (DIMENSIONS, FACTS, MARTS):
        snapshots |= side_by_side(write, layer)
        star |= {name: run.publisher.read(run.run_id, name) for name in layer}
    rows = {name: run.publisher.table(name).rows_at(snapshot) for name, snapshot in snapshots.items()}
    quarantined, lost_lines = _quarantine(run, source, extracted, rows["fact_orders"])
    return Built(snapshots, rows, quarantined, lost_lines)


def _quarantine(run: Run, source: CleanSource, extracted: Extracted, facts: int) -> tuple[dict[str, int], LineTotals]:
    """Record what the star schema leaves out: how many rows of each table, and which order lines.

    When every order line has become a fact, the lines are not read again to find that none was left out.
    """
    run.records.clear_quarantine(run.run_id)
    if extracted.rejected_files:
        unreadable = read_staged(run.spark, run.staging.bucket, extracted.rejected_files, REJECTED_ROWS)
        run.records.quarantine(run.run_id, unreadable)
    rejected = dict(source.rejected)
    lines = rejected.pop("orderdetails")
    lost_lines = LineTotals(0, Decimal(0))
    if facts != extracted.mirrors["orderdetails"].rows:
        figures = amounts(lines).collect()[0]
        lost_lines = LineTotals(figures["rows"], figures["amount"])
        rejected["orderdetails"] = lines
    records = reduce(DataFrame.unionByName, (as_records(rows, name) for name, rows in rejected.items()))
    counts = {row["tableName"]: row["count"] for row in records.groupBy("tableName").count().collect()}
    if counts:
        run.records.quarantine(run.run_id, records)
    return counts, lost_lines
