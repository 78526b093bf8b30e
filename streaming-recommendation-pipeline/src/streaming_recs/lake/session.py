"""The Spark session of a Glue job."""

from __future__ import annotations

from pyspark.sql import SparkSession

CATALOG = "glue_catalog"


def glue_session(name: str) -> SparkSession:
    """The session that Glue has set up (its --conf names the Iceberg catalogue), with what our code relies on."""
    spark: SparkSession = SparkSession.builder.appName(name).getOrCreate()
    for setting, value in runtime_settings(spark.sparkContext.defaultParallelism).items():
        spark.conf.set(setting, value)
    return spark


def runtime_settings(cores: int) -> dict[str, str]:
    """Settings of SQL that can be made while running."""
    return {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "false",
        "spark.sql.shuffle.partitions": str(max(4, 2 * cores)),
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Another process may have moved a table since this one looked.
        f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
    }
