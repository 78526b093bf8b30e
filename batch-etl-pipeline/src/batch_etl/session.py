"""The Spark session and AWS clients of a Glue job."""

from __future__ import annotations

import boto3
from pyspark.sql import SparkSession

from batch_etl.stages.context import AwsClients

_CATALOG = "spark.sql.catalog.glue_catalog"


def glue_session() -> SparkSession:
    """The session that Glue has set up (its --conf names the Iceberg catalogue), with what our code relies on."""
    spark: SparkSession = SparkSession.builder.appName("retail-etl-job").getOrCreate()
    for name, value in runtime_settings(spark.sparkContext.defaultParallelism).items():
        spark.conf.set(name, value)
    return spark


def runtime_settings(cores: int) -> dict[str, str]:
    """Settings of SQL that can be made while running; measured by benchmarks/star_schema.py."""
    return {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "false",
        # Few, for a cluster of this size; adaptive execution merges those that turn out small.
        "spark.sql.shuffle.partitions": str(max(4, 2 * cores)),
        "spark.sql.adaptive.enabled": "true",
        # The marts make millions of groups: an aggregation's small first map only costs there.
        "spark.sql.codegen.aggregate.map.twolevel.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
        # Another process may have moved a branch since this one looked.
        f"{_CATALOG}.cache-enabled": "false",
    }


def aws_clients() -> AwsClients:
    """From the environment alone: credentials, region and endpoint."""
    return AwsClients(
        boto3.client("s3"), boto3.client("dynamodb"), boto3.client("secretsmanager"), boto3.client("cloudwatch")
    )
