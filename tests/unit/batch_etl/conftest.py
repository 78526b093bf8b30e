"""One Spark session for all tests of the package, with an Iceberg catalogue in a temporary folder; no network."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from batch_etl.session import runtime_settings
from lake_world import empty_project, spark_session
from moto import mock_aws
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with spark_session(tmp_path_factory.mktemp("spark"), runtime_settings(cores=2)) as session:
        yield session


@pytest.fixture
def lake(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[str]:
    with empty_project(spark, request.node.nodeid) as project:
        yield project


@pytest.fixture
def mocked_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """An AWS of moto's with the table of locks, whatever the environment points to."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
        session.client("dynamodb").create_table(
            TableName="locks",
            KeySchema=[{"AttributeName": "lockName", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "lockName", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield session
