"""The bronze mirrors: each source table as it is, replaced as a whole by a full load."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as t

from batch_etl.errors import SourceTypeChanged
from batch_etl.lake.iceberg import MAIN, IcebergTable
from batch_etl.lake.staging import read_staged
from batch_etl.sources.contract import SourceTable, to_spark

_DIGEST = "source-digest"


@dataclass(frozen=True)
class StagedFiles:
    """A staged table: where it lies, how many rows it has, and a digest of its content."""

    bucket: str
    keys: list[str]
    rows: int
    digest: str


@dataclass(frozen=True)
class Mirror:
    """<database>.<table> of bronze."""

    spark: SparkSession
    database: str

    def load(self, table: SourceTable, staged: StagedFiles) -> int:
        """Replace the mirror in one commit and return its snapshot; an unchanged table keeps the one it has."""
        mirror = self._table(table.name)
        schema = spark_schema(table)
        mirror.ensure(schema)
        _check_types(mirror, schema)
        current = mirror.refs().get(MAIN)
        if current is not None and mirror.summary(current).get(_DIGEST) == staged.digest:
            return current
        rows = read_staged(self.spark, staged.bucket, staged.keys, schema)
        return mirror.replace(rows, note={_DIGEST: staged.digest})

    def read(self, name: str, snapshot: int) -> DataFrame:
        return self._table(name).read_at(snapshot)

    def _table(self, name: str) -> IcebergTable:
        return IcebergTable(self.spark, self.database, name)


def spark_schema(table: SourceTable) -> t.StructType:
    """The mirror's columns: the contract's, then what else the source has."""
    return t.StructType([t.StructField(column.name, to_spark(column.arrow)) for column in table.columns])


def _check_types(mirror: IcebergTable, schema: t.StructType) -> None:
    kept = {field.name.lower(): field.dataType for field in mirror.schema()}
    for field in schema:
        if kept[field.name.lower()] != field.dataType:
            raise SourceTypeChanged(
                f"{mirror.name}.{field.name} is {field.dataType.simpleString()} in the source and "
                f"{kept[field.name.lower()].simpleString()} in {mirror.identifier}. Change it back there, or drop "
                "the mirror: the next full load makes it anew."
            )
