"""One Spark session for the tests of the Glue jobs, with an Iceberg catalogue in a temporary folder; no network."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from local_aws import toolchain
from local_aws.settings import Settings
from pyspark.sql import SparkSession
from streaming_recs.lake.session import CATALOG, runtime_settings


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with spark_session(tmp_path_factory.mktemp("spark"), runtime_settings(cores=2)) as session:
        yield session


@pytest.fixture
def project(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[str]:
    with empty_project(spark, request.node.nodeid) as name:
        yield name


@contextmanager
def spark_session(scratch: Path, runtime_settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """A session as a job finds it, with the job's own settings; `scratch` is removed at the end."""
    settings = Settings.from_environment()
    os.environ["JAVA_HOME"] = str(toolchain.ensure(settings, "jre17"))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    jars = [str(jar) for jar in toolchain.ensure(settings, "spark-jars").rglob("iceberg-spark-runtime*.jar")]
    session = _session(scratch, jars)
    for name, value in {**runtime_settings, "spark.sql.shuffle.partitions": "2"}.items():
        session.conf.set(name, value)
    yield session
    session.stop()
    shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def empty_project(spark: SparkSession, test: str) -> Iterator[str]:
    """A project of the test's own: its databases <project>_bronze and <project>_gold are there and empty."""
    name = f"p{abs(hash(test))}"
    databases = [f"{CATALOG}.{name}_{layer}" for layer in ("bronze", "gold")]
    for database in databases:
        spark.sql(f"CREATE NAMESPACE {database}")
    yield name
    for database in databases:
        for table in spark.sql(f"SHOW TABLES IN {database}").collect():
            spark.sql(f"DROP TABLE {database}.{table.tableName}")
        spark.sql(f"DROP NAMESPACE {database}")


def _session(scratch: Path, jars: list[str]) -> SparkSession:
    catalog = f"spark.sql.catalog.{CATALOG}"
    session: SparkSession = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")  # small tables: the rest is compiling
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.jars", ",".join(jars))
        .config("spark.local.dir", str(scratch / "local"))
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        .config(catalog, "org.apache.iceberg.spark.SparkCatalog")
        .config(f"{catalog}.type", "hadoop")
        .config(f"{catalog}.warehouse", str(scratch / "lake"))
        .config(f"{catalog}.cache-enabled", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    return session
