"""An empty landing bucket and lake for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from medallion_world import MedallionWorld
from moto.server import ThreadedMotoServer
from pyspark.sql import SparkSession
from support import free_port

_LOGIN = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def aws_over_http() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def world(
    spark: SparkSession, lake: str, aws_over_http: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MedallionWorld]:
    requests.post(f"{aws_over_http}/moto-api/reset", timeout=30).raise_for_status()
    for name, value in (_LOGIN | {"AWS_ENDPOINT_URL": aws_over_http}).items():
        monkeypatch.setenv(name, value)
        # Spark's workers see what stands here, not what the driver's environment became.
        monkeypatch.setitem(spark.sparkContext.environment, name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    silver = f"glue_catalog.{lake}_silver"
    spark.sql(f"CREATE NAMESPACE {silver}")
    yield MedallionWorld(spark, lake, aws_over_http)
    for table in spark.sql(f"SHOW TABLES IN {silver}").collect():
        spark.sql(f"DROP TABLE {silver}.{table.tableName}")
    spark.sql(f"DROP NAMESPACE {silver}")
