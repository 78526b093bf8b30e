"""One Iceberg table of the lake: snapshots, branches and tags by Spark SQL (Iceberg's "Branching and Tagging")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as t

from batch_etl.errors import PublicationConflict

CATALOG = "glue_catalog"
MAIN = "main"
_PROPERTIES = {
    "format-version": "2",
    "write.format.default": "parquet",
    "write.parquet.compression-codec": "snappy",
    # Maintenance and other jobs commit to the same tables; a lost race is tried again, not failed.
    "commit.retry.num-retries": "10",
    "commit.retry.min-wait-ms": "250",
}


def branch_name(run_id: str) -> str:
    """A run's branch: what a run id may hold beyond letters, digits and underscore, a branch name may not."""
    return "run_" + _word(run_id)


def tag_name(run_id: str) -> str:
    """The tag on the snapshots of a publication; maintenance keeps tagged snapshots."""
    return "pub_" + _word(run_id)


def _word(run_id: str) -> str:
    return re.sub(r"\W", "_", run_id, flags=re.ASCII)


@dataclass(frozen=True)
class IcebergTable:
    """`database`.`name` in the catalogue; holds no state but the session."""

    spark: SparkSession
    database: str
    name: str

    @property
    def identifier(self) -> str:
        return f"{CATALOG}.{self.database}.{self.name}"

    def exists(self) -> bool:
        return bool(self.spark.catalog.tableExists(self.identifier))

    def ensure(self, schema: t.StructType, partitioned_by: str | None = None) -> None:
        """Make the table, or add the columns that it lacks; a column is never dropped or retyped."""
        if not self.exists():
            self._create(schema, partitioned_by)
            return
        present = {field.name.lower() for field in self.schema()}
        missing = [field for field in schema if field.name.lower() not in present]
        if missing:
            self.spark.sql(f"ALTER TABLE {self.identifier} ADD COLUMNS ({_columns(missing)})")

    def _create(self, schema: t.StructType, partitioned_by: str | None) -> None:
        properties = ", ".join(f"'{name}'='{value}'" for name, value in _PROPERTIES.items())
        partitioning = f"PARTITIONED BY ({partitioned_by})" if partitioned_by else ""
        self.spark.sql(
            f"CREATE TABLE IF NOT EXISTS {self.identifier} ({_columns(list(schema))}) USING iceberg "
            f"{partitioning} TBLPROPERTIES ({properties})"
        )

    def schema(self) -> t.StructType:
        return self.spark.table(self.identifier).schema

    def read(self, branch: str | None = None) -> DataFrame:
        return self.spark.table(self._target(branch))

    def read_at(self, snapshot: int) -> DataFrame:
        return self.spark.sql(f"SELECT * FROM {self.identifier} VERSION AS OF {snapshot}")  # noqa: S608 - our own names

    def replace(self, rows: DataFrame, branch: str | None = None, note: Mapping[str, str] | None = None) -> int:
        """All rows of the branch (main by default) in one commit; `note` goes into the snapshot's summary."""
        writer = self._aligned(rows).writeTo(self._target(branch))
        for key, value in (note or {}).items():
            writer = writer.option(f"snapshot-property.{key}", value)
        writer.overwrite(F.lit(True))
        return self.refs()[branch or MAIN]

    def append(self, rows: DataFrame, branch: str | None = None) -> None:
        self._aligned(rows).writeTo(self._target(branch)).append()

    def delete(self, condition: str) -> None:
        self.spark.sql(f"DELETE FROM {self.identifier} WHERE {condition}")  # noqa: S608 - our own names

    def refs(self) -> dict[str, int]:
        """Branches and tags → snapshot id; no `main` before the first commit to it."""
        return {name: int(ref.snapshotId()) for name, ref in dict(self._metadata().refs()).items()}

    def rows_at(self, snapshot: int) -> int:
        """Row count out of the snapshot's summary: nothing is scanned."""
        return int(self.summary(snapshot).get("total-records", "0"))

    def summary(self, snapshot: int) -> dict[str, str]:
        found = self._metadata().snapshot(snapshot)
        return dict(found.summary()) if found is not None else {}

    def _metadata(self) -> Any:
        """Iceberg's own Table, read anew: the metadata tables would say the same at the cost of a Spark job each."""
        spark3 = self.spark._jvm.org.apache.iceberg.spark.Spark3Util
        return spark3.loadIcebergTable(self.spark._jsparkSession, self.identifier)

    def create_branch(self, branch: str, at: int | None = None) -> None:
        position = f" AS OF VERSION {at}" if at is not None else ""
        self.spark.sql(f"ALTER TABLE {self.identifier} CREATE OR REPLACE BRANCH `{branch}`{position}")

    def drop_branch(self, branch: str) -> None:
        self.spark.sql(f"ALTER TABLE {self.identifier} DROP BRANCH IF EXISTS `{branch}`")

    def tag(self, tag: str, at: int, retain_days: int) -> None:
        self.spark.sql(
            f"ALTER TABLE {self.identifier} CREATE OR REPLACE TAG `{tag}` AS OF VERSION {at} RETAIN {retain_days} DAYS"
        )

    def drop_tag(self, tag: str) -> None:
        self.spark.sql(f"ALTER TABLE {self.identifier} DROP TAG IF EXISTS `{tag}`")

    def fast_forward(self, branch: str) -> None:
        """Move main to the head of `branch`, which readers see at once and whole."""
        try:
            self.spark.sql(
                f"CALL {CATALOG}.system.fast_forward('{self.database}.{self.name}', '{MAIN}', '{branch}')"
            ).collect()
        except Exception as problem:
            if "not an ancestor" not in str(problem):
                raise
            raise PublicationConflict(
                f"{self.database}.{self.name} was changed after branch {branch} was made, so it cannot be published. "
                f"Run the job again from its extract; if the branch stays, ALTER TABLE … DROP BRANCH {branch}."
            ) from problem

    def _target(self, branch: str | None) -> str:
        return self.identifier if branch is None else f"{self.identifier}.`branch_{branch}`"

    def _aligned(self, rows: DataFrame) -> DataFrame:
        """The table's columns in its order and types; null where `rows` no longer has one."""
        given = {name.lower() for name in rows.columns}
        return rows.select(
            [
                F.col(field.name) if field.name.lower() in given else F.lit(None).cast(field.dataType).alias(field.name)
                for field in self.schema()
            ]
        )


def _columns(fields: list[t.StructField]) -> str:
    return ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in fields)
