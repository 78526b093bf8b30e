"""What of gold is to be loaded: for each group of tables the snapshots that the last publication of them names."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.errors import WarehouseLayoutError
from batch_etl.lake.iceberg import CATALOG, IcebergTable
from batch_etl.medallion.tables import JOURNAL, MARTS
from batch_etl.schemas import STAR

_PARTITION_BYTES = 16 * 1024 * 1024  # of compressed Parquet: about ten times as much CSV


@dataclass(frozen=True)
class Group:
    """Tables that are published together, and the journal that says so."""

    journal: str
    tables: tuple[str, ...]


GROUPS = {"star": Group("publications", tuple(STAR)), "medallion": Group(JOURNAL, tuple(MARTS))}
"""By a name for people. All but the star may not be there yet."""


@dataclass(frozen=True)
class Pinned:
    """`publications`: group → the run that published it; `snapshots`: table → snapshot. No group mixes runs."""

    publications: dict[str, str]
    snapshots: dict[str, int]


def pin(spark: SparkSession, gold: str) -> Pinned:
    """The last publication of each group. Raises WarehouseLayoutError while the star has none."""
    pinned = Pinned({}, {})
    for name, group in GROUPS.items():
        _pin_group(IcebergTable(spark, gold, group.journal), name, group, pinned)
    if "star" not in pinned.publications:
        raise WarehouseLayoutError(
            f"{CATALOG}.{gold}.publications names no publication of the star schema. Run the ETL job first."
        )
    return pinned


def _pin_group(journal: IcebergTable, name: str, group: Group, pinned: Pinned) -> None:
    last = journal.read().orderBy(F.col("publishedAt").desc()).limit(1).collect() if journal.exists() else []
    for entry in last:
        pinned.publications[name] = entry["runId"]
        pinned.snapshots.update({table: entry["snapshots"][table] for table in group.tables})


def read_table(spark: SparkSession, gold: str, name: str, snapshot: int) -> DataFrame:
    """The table as it was published, in partitions small enough for the driver to hold two."""
    return (
        spark.read.option("snapshot-id", snapshot)
        .option("split-size", _PARTITION_BYTES)
        .table(f"{CATALOG}.{gold}.{name}")
    )
