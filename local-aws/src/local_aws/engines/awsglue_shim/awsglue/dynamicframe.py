"""DynamicFrame over a DataFrame: the conversions and the methods whose meaning is the same on both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql.functions import col


class DynamicFrame:
    """Glue's frame. Choice types do not exist here: a column has the one type that Spark gave it."""

    def __init__(self, frame: DataFrame, glue_ctx: Any, name: str = "") -> None:
        self._frame, self.glue_ctx, self.name = frame, glue_ctx, name

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: Any, name: str = "") -> DynamicFrame:  # noqa: N802 - Glue's name
        return cls(dataframe, glue_ctx, name)

    def toDF(self) -> DataFrame:  # noqa: N802 - Glue's name
        return self._frame

    def schema(self) -> Any:
        return self._frame.schema

    def count(self) -> int:
        return int(self._frame.count())

    def show(self, num_rows: int = 20) -> None:
        self._frame.show(num_rows)

    def printSchema(self) -> None:  # noqa: N802 - Glue's name
        self._frame.printSchema()

    def select_fields(self, paths: Sequence[str]) -> DynamicFrame:
        return self._with(self._frame.select(*paths))

    def drop_fields(self, paths: Sequence[str]) -> DynamicFrame:
        return self._with(self._frame.drop(*paths))

    def rename_field(self, oldName: str, newName: str) -> DynamicFrame:  # noqa: N803 - Glue's names
        return self._with(self._frame.withColumnRenamed(oldName, newName))

    def apply_mapping(self, mappings: Sequence[tuple[str, str, str, str]]) -> DynamicFrame:
        """(source, source type, target, target type); columns that are absent are left out, as Glue does."""
        present = {column.lower() for column in self._frame.columns}
        wanted = [mapping for mapping in mappings if mapping[0].lower() in present]
        return self._with(self._frame.select(*[col(old).cast(kind).alias(new) for old, _, new, kind in wanted]))

    def repartition(self, num_partitions: int) -> DynamicFrame:
        return self._with(self._frame.repartition(num_partitions))

    def _with(self, frame: DataFrame) -> DynamicFrame:
        return DynamicFrame(frame, self.glue_ctx, self.name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotImplementedError(f"DynamicFrame.{name} is not emulated: use toDF() and Spark, or run on AWS Glue.")
