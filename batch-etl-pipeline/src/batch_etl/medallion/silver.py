"""What retail-bronze-to-silver does: new pages and new click files → silver, each record once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.lake.iceberg import IcebergTable
from batch_etl.lake.quarantine_files import QuarantineFiles, Rejection
from batch_etl.lake.upsert import upsert
from batch_etl.medallion.files import Counts, FileLedger, counts_by_file
from batch_etl.medallion.options import SilverOptions
from batch_etl.medallion.tables import CLICK_KEY, CLICKS, ITEM_KEY, SESSIONS, TRANSACTION_ITEMS
from batch_etl.quality.browse_events import judge_events
from batch_etl.quality.transactions import Judged, judge
from batch_etl.sources.api.pages import read_pages
from batch_etl.sources.arrivals import Arrival, arrivals
from batch_etl.sources.clicks.events import FOLDER as CLICK_FOLDER
from batch_etl.sources.clicks.events import read_events
from batch_etl.transforms.api_page import record_of
from batch_etl.transforms.clicks import clicks, observed_clicks, observed_sessions, sessions
from batch_etl.transforms.transaction_items import transaction_items

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGES = "api_transactions"
EVENT_FILES = "clicks"
PAGE_FOLDER = "api/transactions/"
_FILES_AT_ONCE = 2_000
_VERSION = ("store_id", "transaction_id", "version", "read_at")


@dataclass(frozen=True)
class Silver:
    spark: SparkSession
    s3: S3Client
    options: SilverOptions

    def take_transactions(self) -> Counts:
        """Pages of the landing bucket → transaction_items. A damaged one is set aside and counted."""
        table = self._table("transaction_items")
        table.ensure(TRANSACTION_ITEMS, "months(ts)")
        return self._take(PAGES, self.options.landing_bucket, PAGE_FOLDER, lambda pages: self._pages(table, pages))

    def take_clicks(self) -> Counts:
        """Files of the click stream's archive → sessions and clicks. Without any, the tables are there and empty."""
        self._table("sessions").ensure(SESSIONS)
        self._table("clicks").ensure(CLICKS)
        return self._take(EVENT_FILES, self.options.lake_bucket, CLICK_FOLDER, self._event_files)

    def _take(
        self, source: str, bucket: str, folder: str, take: Callable[[Sequence[Arrival]], dict[str, Counts]]
    ) -> Counts:
        """What has come, some at a time: a run that is cut off has those before."""
        ledger = FileLedger(self.spark, self.options.database("silver"), source, self.options.run_id)
        arrived = arrivals(self.s3, bucket, folder, ledger.known())
        taken = Counts()
        for start in range(0, len(arrived), _FILES_AT_ONCE):
            some = arrived[start : start + _FILES_AT_ONCE]
            taken += ledger.note(some, take(some))
        return taken

    def _pages(self, table: IcebergTable, pages: Sequence[Arrival]) -> dict[str, Counts]:
        received = read_pages(self.spark, self.options.landing_bucket, list(pages), self.options.fields).persist()
        judged = judge(received, table.read().select(*_VERSION).distinct(), self.options.store_id)
        accepted = judged.accepted.withColumnRenamed("page", "file").persist()
        rejected = judged.rejected.withColumnRenamed("page", "file").withColumnRenamed("transaction_id", "name")
        records = received.groupBy(F.col("page").alias("file")).agg(F.first("page_records").alias("read"))
        counts = counts_by_file(accepted, rejected, records)
        self._set_aside(PAGES, rejected, counts, self._record_of_page)
        if any(found.good for found in counts.values()):
            good = accepted.where("outcome = 'good'")
            upsert(table, transaction_items(good), ITEM_KEY, gone=_gone(table.read(), good))
        for frame in (accepted, received):
            frame.unpersist()
        return counts

    def _event_files(self, files: Sequence[Arrival]) -> dict[str, Counts]:
        received = read_events(self.spark, self.options.lake_bucket, list(files)).persist()
        judged: Judged = judge_events(received)
        accepted = judged.accepted.persist()
        records = received.groupBy("file").agg(F.first("file_records").alias("read"))
        counts = counts_by_file(accepted, judged.rejected, records)
        rejected = judged.rejected.withColumnRenamed("event_id", "name")
        self._set_aside(EVENT_FILES, rejected, counts, lambda _: lambda _: None)
        good = accepted.where("outcome = 'good'")
        self._observe("sessions", observed_sessions(good), sessions, ("session_id",))
        self._observe("clicks", observed_clicks(good), clicks, CLICK_KEY)
        for frame in (accepted, received):
            frame.unpersist()
        return counts

    def _observe(
        self, name: str, observed: DataFrame, combine: Callable[[DataFrame], DataFrame], key: tuple[str, ...]
    ) -> None:
        """Combine what was observed with what the table has of the same keys; what it says already is not written."""
        table = self._table(name)
        held = table.read().join(observed.select(*key).distinct(), [*key], "left_semi")
        changed = combine(observed.unionByName(held)).exceptAll(held).persist()
        if not changed.isEmpty():
            upsert(table, changed, key)
        changed.unpersist()

    def _set_aside(
        self,
        source: str,
        rejected: DataFrame,
        counts: dict[str, Counts],
        record: Callable[[str], Callable[[int], Any]],
    ) -> None:
        if not any(found.bad for found in counts.values()):
            return
        rows = rejected.select("file", "position", "name", "finding.*").orderBy("file", "position")
        quarantine = QuarantineFiles(self.s3, self.options.lake_bucket, source)
        quarantine.keep(_rejections(rows), record)

    def _record_of_page(self, key: str) -> Callable[[int], Any]:
        content = self.s3.get_object(Bucket=self.options.landing_bucket, Key=key)["Body"].read()
        return lambda position: record_of(content, position, self.options.fields)

    def _table(self, name: str) -> IcebergTable:
        return IcebergTable(self.spark, self.options.database("silver"), name)


def _gone(held: DataFrame, good: DataFrame) -> DataFrame:
    """Items that a transaction no longer has."""
    lengths = good.select("store_id", "transaction_id", F.size("items").alias("length"))
    return held.join(lengths, ["store_id", "transaction_id"]).where("item_number > length").select(*held.columns)


def _rejections(rows: DataFrame) -> Iterator[Rejection]:
    for row in rows.toLocalIterator():
        yield Rejection(row["file"], row["position"], row["name"], row["reason"], row["field"], row["remedy"])
