"""The ledger of files that silver has taken in: which are new, and what was in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.errors import AuditFailed
from batch_etl.lake.iceberg import MAIN, IcebergTable
from batch_etl.medallion.tables import SOURCE_FILES
from batch_etl.sources.arrivals import Arrival


@dataclass(frozen=True)
class Counts:
    """Records of some files: read = good + bad + duplicates."""

    read: int = 0
    good: int = 0
    bad: int = 0
    duplicates: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.read + other.read,
            self.good + other.good,
            self.bad + other.bad,
            self.duplicates + other.duplicates,
        )

    def checked(self, file: str) -> Counts:
        """Raises AuditFailed when a record is in none of the three, or in two of them."""
        if self.read != self.good + self.bad + self.duplicates:
            raise AuditFailed(
                f"{file}: {self.read} records were read, and {self.good} good, {self.bad} bad and {self.duplicates} "
                "duplicates are not as many. The file is not taken in; look for it in the landing bucket."
            )
        return self


@dataclass(frozen=True)
class FileLedger:
    """`source`'s rows of <silver>.source_files."""

    spark: SparkSession
    database: str
    source: str
    run_id: str

    @property
    def table(self) -> IcebergTable:
        return IcebergTable(self.spark, self.database, "source_files")

    def known(self) -> set[tuple[str, str]]:
        """(key, etag) of every file that was taken in. Makes the table on the first run."""
        self.table.ensure(SOURCE_FILES)
        if MAIN not in self.table.refs():
            return set()
        rows = self.table.read().where(F.col("source") == self.source).select("file", "etag").collect()
        return {(row["file"], row["etag"]) for row in rows}

    def note(self, arrived: Sequence[Arrival], counts: Mapping[str, Counts]) -> Counts:
        """Write the files down, also those without a record; returns what they come to together."""
        now = datetime.now(UTC)
        rows = []
        for arrival in arrived:
            found = counts.get(arrival.key, Counts())
            figures = (found.read, found.good, found.bad, found.duplicates)
            rows.append((self.source, arrival.key, arrival.etag, *figures, self.run_id, now))
        self.table.append(self.spark.createDataFrame(rows, SOURCE_FILES))
        return total(counts.values())


def counts_by_file(accepted: DataFrame, rejected: DataFrame, records: DataFrame) -> dict[str, Counts]:
    """File → its counts, checked. `records` (file, read) is what the files said before any record was judged.

    accepted: columns file and outcome; rejected: column file.
    """
    outcomes = accepted.select("file", "outcome").unionByName(rejected.select("file", F.lit("bad").alias("outcome")))
    sums = outcomes.groupBy("file").agg(
        *(F.count_if(F.col("outcome") == what).alias(what) for what in ("good", "bad", "duplicate"))
    )
    rows = records.join(sums, "file", "full").fillna(0).collect()
    return {
        row["file"]: Counts(row["read"], row["good"], row["bad"], row["duplicate"]).checked(row["file"]) for row in rows
    }


def total(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())
