"""What retail-silver-to-gold does: silver → marts on a branch → audit → published together, or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession

from batch_etl.errors import AuditFailed, LockHeld, RunStateMissing
from batch_etl.lake.iceberg import CATALOG, MAIN, IcebergTable
from batch_etl.lake.lock import Lock
from batch_etl.lake.publisher import Family, Publisher
from batch_etl.lake.records import Publication, Records
from batch_etl.medallion.options import GoldOptions
from batch_etl.medallion.tables import GRAIN, JOURNAL, MARTS
from batch_etl.parallel import side_by_side
from batch_etl.quality.checksum import checksum
from batch_etl.quality.medallion_audit import audit_marts
from batch_etl.report import RunReport
from batch_etl.stages.publish import code_version
from batch_etl.transforms.conversion_funnel import conversion_funnel
from batch_etl.transforms.store_sales import store_daily_sales, store_product_performance

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FAMILY = Family(dimensions={}, facts={}, marts=MARTS, grain=GRAIN, partitioned_by={"store_daily_sales": "years(date)"})
LOCK_PATIENCE_SECONDS = 600
SILVER = ("transaction_items", "sessions", "clicks")


@dataclass(frozen=True)
class Gold:
    spark: SparkSession
    dynamodb: DynamoDBClient
    options: GoldOptions

    def publish(self, report: RunReport) -> None:
        """Write, audit and publish the marts of silver as it is now. Raises AuditFailed, RunStateMissing, LockHeld.

        When no mart says anything new, nothing is published and the journal stays as it is.
        """
        self.spark.catalog.databaseExists(f"{CATALOG}.{self.options.database('gold')}")
        with self._publish_lock():
            report.notes += self.publisher.recover()
        silver = self._silver()
        snapshots = self._write(silver)
        marts = {name: self.publisher.read(self.options.run_id, name) for name in MARTS}
        self._audit(marts, silver)
        kept = self._unchanged(snapshots, marts)
        snapshots |= kept
        rows = {name: self.publisher.table(name).rows_at(snapshot) for name, snapshot in snapshots.items()}
        report.tables = {name: {"rows": rows[name], "snapshot_id": snapshots[name]} for name in MARTS}
        with self._publish_lock():
            if len(kept) == len(MARTS):
                self.publisher.recover()
                report.notes.append("no mart says anything new: nothing was published")
                return
            self.publisher.publish(self._entry(silver, snapshots, rows))
        report.counts["published"] = sum(rows.values())

    @cached_property
    def publisher(self) -> Publisher:
        return Publisher(
            self.spark, self.options.database("gold"), self._records, still_ours=self._lock.renew, family=FAMILY
        )

    @cached_property
    def _records(self) -> Records:
        return Records(self.spark, self.options.database("bronze"), self.options.database("gold"), JOURNAL)

    @cached_property
    def _lock(self) -> Lock:
        return Lock(self.dynamodb, self.options.publish_lock_table, "publish", owner=self.options.run_id)

    @contextmanager
    def _publish_lock(self) -> Iterator[None]:
        """Wait for the star's publication, which takes seconds, to end."""
        until = time.monotonic() + LOCK_PATIENCE_SECONDS
        while True:
            try:
                self._lock.acquire()
                break
            except LockHeld:
                if time.monotonic() > until:
                    raise
                time.sleep(2)
        with self._lock.held():
            yield

    def _silver(self) -> dict[str, DataFrame]:
        """Each table at one snapshot, so that audit and marts see the same rows whatever is written meanwhile."""
        return {name: self._pinned(IcebergTable(self.spark, self.options.database("silver"), name)) for name in SILVER}

    def _pinned(self, table: IcebergTable) -> DataFrame:
        if not table.exists():
            raise RunStateMissing(f"{table.identifier} is missing. Run {self.options.project}-bronze-to-silver first.")
        snapshot = table.refs().get(MAIN)
        return table.read() if snapshot is None else table.read_at(snapshot)

    def _write(self, silver: Mapping[str, DataFrame]) -> dict[str, int]:
        items = silver["transaction_items"]
        marts = {
            "store_daily_sales": store_daily_sales(items),
            "store_product_performance": store_product_performance(items),
            "conversion_funnel": conversion_funnel(silver["sessions"], silver["clicks"], items),
        }
        return side_by_side(lambda name: self.publisher.write(self.options.run_id, name, marts[name]), MARTS)

    def _audit(self, marts: Mapping[str, DataFrame], silver: Mapping[str, DataFrame]) -> None:
        checks = audit_marts(marts, silver["transaction_items"], silver["sessions"])
        self._records.quality(self.options.run_id, datetime.now(UTC), checks)
        broken = [check for check in checks if not check.passed]
        if broken:
            raise AuditFailed(
                f"{len(broken)} of {len(checks)} checks failed, nothing was published: " + "; ".join(map(str, broken))
            )

    def _unchanged(self, snapshots: Mapping[str, int], marts: Mapping[str, DataFrame]) -> dict[str, int]:
        """The published snapshot of each mart that says what the new one says."""

        def same(name: str) -> int | None:
            table, published = self.publisher.table(name), self.publisher.published(name)
            if published is None or table.rows_at(published) != table.rows_at(snapshots[name]):
                return None
            return published if checksum(table.read_at(published)) == checksum(marts[name]) else None

        return {name: snapshot for name, snapshot in side_by_side(same, MARTS).items() if snapshot is not None}

    def _entry(
        self, silver: Mapping[str, DataFrame], snapshots: dict[str, int], rows: Mapping[str, int]
    ) -> Publication:
        return Publication(
            run_id=self.options.run_id,
            published_at=datetime.now(UTC),
            code_version=code_version(),
            snapshots=snapshots,
            rows_read=silver["transaction_items"].count(),
            rows_written=sum(rows.values()),
            rows_quarantined=0,
        )
