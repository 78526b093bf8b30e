"""GlueContext: the Spark session, and frames from and to it."""

from __future__ import annotations

import logging
from typing import Any

from pyspark import SparkContext
from pyspark.sql import DataFrame, SparkSession, SQLContext

from .dynamicframe import DynamicFrame


class GlueContext(SQLContext):  # type: ignore[misc]  # pyspark is untyped here
    """Glue's context. Sources and sinks that need Glue's Java library raise NotImplementedError by name."""

    def __init__(self, sparkContext: SparkContext, **_options: Any) -> None:  # noqa: N803 - Glue's name
        session = SparkSession.builder.getOrCreate()
        super().__init__(sparkContext, session)
        self.spark_session = session

    def get_logger(self) -> logging.Logger:
        return logging.getLogger("GlueLogger")

    def create_data_frame_from_catalog(self, database: str, table_name: str, **_options: Any) -> DataFrame:
        """An Iceberg table, by the catalog that the job configured as glue_catalog."""
        return self.spark_session.table(f"glue_catalog.{database}.{table_name}")

    def create_dynamic_frame_from_rdd(self, data: Any, name: str, schema: Any = None, **_options: Any) -> DynamicFrame:
        return DynamicFrame(self.spark_session.createDataFrame(data, schema), self, name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotImplementedError(f"GlueContext.{name} is not emulated: use spark_session, or run on AWS Glue.")
