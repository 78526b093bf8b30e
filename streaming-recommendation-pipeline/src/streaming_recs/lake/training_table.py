"""<project>_gold.ratings_ml_training: written to a branch, audited there, and published by one fast-forward.

No partitions: a partition a customer would make as many files as there are customers, and training reads the table
whole. Rows are ordered by customer instead, so that a look at one customer skips the other files; files have the size
that Iceberg aims at, whatever the number of customers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from streaming_recs.lake.errors import AuditFailedError, NotPublishedError
from streaming_recs.lake.session import CATALOG
from streaming_recs.quality.training_table import broken, figures
from streaming_recs.transforms.schema import RATINGS_ML_TRAINING

NAME = "ratings_ml_training"
_BRANCH = "run_"
_PROPERTIES = {
    "format-version": "2",
    "write.format.default": "parquet",
    "write.parquet.compression-codec": "snappy",
    "write.target-file-size-bytes": str(128 * 1024 * 1024),
    "commit.retry.num-retries": "10",
}


@dataclass(frozen=True)
class TrainingTable:
    """The table in the catalogue's database `gold`; holds no state but the session."""

    spark: SparkSession
    gold: str

    @property
    def identifier(self) -> str:
        return f"{CATALOG}.{self.gold}.{NAME}"

    def publish(self, rows: DataFrame, run_id: str, note: Mapping[str, str]) -> tuple[Row, int]:
        """Replace the table by `rows`; its figures, and the snapshot that readers now see.

        `note` goes into the snapshot's summary. Raises AuditFailedError, which leaves the old rows readable.
        """
        self._ensure()
        self._tidy_up()
        branch = _BRANCH + re.sub(r"\W", "_", run_id, flags=re.ASCII)
        self.spark.sql(f"ALTER TABLE {self.identifier} CREATE BRANCH `{branch}`")
        self._write(rows, branch, note)
        found = figures(self.spark.table(f"{self.identifier}.`branch_{branch}`"))
        problems = broken(found, written=rows.count())
        if problems:
            self._drop(branch)
            raise AuditFailedError(" ".join([*problems, "The last published rows stay; look into the publication."]))
        self.spark.sql(f"CALL {CATALOG}.system.fast_forward('{self.gold}.{NAME}', 'main', '{branch}')").collect()
        self._drop(branch)
        return found, self.snapshot()

    def snapshot(self) -> int:
        """What readers see now. Raises NotPublishedError when nothing was ever published."""
        current = self._published()
        if current is None:
            raise NotPublishedError(f"{self.gold}.{NAME} has no published rows. Run the job retail-ml-etl-job first.")
        return current

    def read(self, snapshot: int) -> DataFrame:
        return self.spark.sql(f"SELECT * FROM {self.identifier} VERSION AS OF {snapshot}")  # noqa: S608 - our own names

    def origin(self, snapshot: int) -> dict[str, Any]:
        """What the job that wrote the snapshot noted of its source."""
        summary = dict(self._metadata().snapshot(snapshot).summary())
        return {"publication": summary.get("publication"), "sources": json.loads(summary.get("sources", "{}"))}

    def is_made_of(self, sources: Mapping[str, int]) -> bool:
        """Whether readers see what was made of just these snapshots (name → id)."""
        current = self._published()
        return current is not None and self.origin(current)["sources"] == sources

    def _write(self, rows: DataFrame, branch: str, note: Mapping[str, str]) -> None:
        writer = rows.writeTo(f"{self.identifier}.`branch_{branch}`")
        for key, value in note.items():
            writer = writer.option(f"snapshot-property.{key}", value)
        writer.overwrite(F.lit(True))

    def _ensure(self) -> None:
        if self._exists():
            return
        columns = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in RATINGS_ML_TRAINING)
        properties = ", ".join(f"'{name}'='{value}'" for name, value in _PROPERTIES.items())
        self.spark.sql(f"CREATE TABLE {self.identifier} ({columns}) USING iceberg TBLPROPERTIES ({properties})")
        self.spark.sql(f"ALTER TABLE {self.identifier} WRITE ORDERED BY customerNumber, interactedAt")

    def _tidy_up(self) -> None:
        """A run that died left its branch; nobody has seen it."""
        for name in self._refs():
            if name.startswith(_BRANCH):
                self._drop(name)

    def _drop(self, branch: str) -> None:
        self.spark.sql(f"ALTER TABLE {self.identifier} DROP BRANCH IF EXISTS `{branch}`")

    def _published(self) -> int | None:
        return self._refs().get("main") if self._exists() else None

    def _exists(self) -> bool:
        return bool(self.spark.catalog.tableExists(self.identifier))

    def _refs(self) -> dict[str, int]:
        return {name: int(ref.snapshotId()) for name, ref in dict(self._metadata().refs()).items()}

    def _metadata(self) -> Any:
        """Iceberg's own Table, read anew."""
        spark3 = self.spark._jvm.org.apache.iceberg.spark.Spark3Util
        return spark3.loadIcebergTable(self.spark._jsparkSession, self.identifier)
