"""What runs write down about themselves: quarantine, quality results and the journal of publications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.lake.iceberg import MAIN, IcebergTable
from batch_etl.quality.audit import Check
from batch_etl.schemas import PUBLICATIONS, QUALITY_RESULTS, QUARANTINE


@dataclass(frozen=True)
class Publication:
    """One row of the journal: the snapshot of each table that belong together."""

    run_id: str
    published_at: datetime
    code_version: str
    snapshots: dict[str, int]
    rows_read: int
    rows_written: int
    rows_quarantined: int


@dataclass(frozen=True)
class Records:
    """The three record tables of a project. Writing twice under one run id replaces what that run wrote before.

    Each family of tables that is published together has its own journal, `publications` being the star's: readers take
    the last row of a journal for the state of all its tables.
    """

    spark: SparkSession
    bronze: str
    gold: str
    publications: str = "publications"

    def quarantine(self, run_id: str, rejected: DataFrame) -> None:
        """`rejected` as `quality.quarantine.as_records` makes it."""
        table = IcebergTable(self.spark, self.bronze, "quarantine")
        table.append(rejected.withColumns({"runId": F.lit(run_id), "quarantinedAt": F.current_timestamp()}))

    def clear_quarantine(self, run_id: str) -> None:
        """Forget what an earlier attempt of the run found; makes the table on the first run."""
        table = IcebergTable(self.spark, self.bronze, "quarantine")
        table.ensure(QUARANTINE)
        _forget(table, run_id)

    def quality(self, run_id: str, checked_at: datetime, checks: Sequence[Check]) -> None:
        table = IcebergTable(self.spark, self.gold, "quality_results")
        table.ensure(QUALITY_RESULTS)
        _forget(table, run_id)
        rows = [
            (run_id, checked_at, check.table, check.name, check.passed, check.expected, check.actual)
            for check in checks
        ]
        table.append(self.spark.createDataFrame(rows, QUALITY_RESULTS))

    def journal(self, entry: Publication) -> None:
        """One commit, also when the run already has a row (a stage that is tried again)."""
        table = self._publications()
        row = (entry.run_id, entry.published_at, entry.code_version, entry.snapshots)
        counts = (entry.rows_read, entry.rows_written, entry.rows_quarantined)
        rows = self.spark.createDataFrame([row + counts], PUBLICATIONS)
        if not self.journaled(entry.run_id):
            table.append(rows)
            return
        rows.createOrReplaceTempView("publication")
        self.spark.sql(
            f"MERGE INTO {table.identifier} AS known USING publication AS entry ON known.runId = entry.runId "
            "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
        )

    def journaled(self, run_id: str) -> dict[str, int]:
        """The snapshots that the run has published or set out to publish; empty when it has not."""
        rows = self._publications().read().where(F.col("runId") == run_id).select("snapshots").collect()
        return dict(rows[0]["snapshots"]) if rows else {}

    def journaled_runs(self) -> list[str]:
        return [row["runId"] for row in self._publications().read().select("runId").collect()]

    def _publications(self) -> IcebergTable:
        table = IcebergTable(self.spark, self.gold, self.publications)
        table.ensure(PUBLICATIONS)
        return table


def _forget(table: IcebergTable, run_id: str) -> None:
    if MAIN in table.refs():
        table.delete(f"runId = '{run_id}'")
