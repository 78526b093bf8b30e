"""A landing bucket, a lake and a ledger, empty for every test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from file_world import FileWorld
from moto import mock_aws
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
def world(spark: SparkSession, lake: str, aws_over_http: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileWorld]:
    requests.post(f"{aws_over_http}/moto-api/reset", timeout=30).raise_for_status()
    login = _LOGIN | {"AWS_ENDPOINT_URL": aws_over_http}
    for name, value in login.items():
        monkeypatch.setenv(name, value)
        # Spark's workers see what stands here, not what the driver's environment became.
        monkeypatch.setitem(spark.sparkContext.environment, name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    silver = f"glue_catalog.{lake}_silver"
    spark.sql(f"CREATE NAMESPACE {silver}")
    yield FileWorld(spark, lake, aws_over_http).make()
    for table in spark.sql(f"SHOW TABLES IN {silver}").collect():
        spark.sql(f"DROP TABLE {silver}.{table.tableName}")
    spark.sql(f"DROP NAMESPACE {silver}")


@pytest.fixture
def intake_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Landing bucket, ledger and a state machine that ends at once, in a process of the test's own."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        clients = {name: boto3.client(name) for name in ("s3", "dynamodb", "stepfunctions", "iam")}
        clients["s3"].create_bucket(Bucket="landing")
        clients["s3"].put_bucket_versioning(Bucket="landing", VersioningConfiguration={"Status": "Enabled"})
        names = ("objectKey", "versionId", "status", "receivedAt")
        clients["dynamodb"].create_table(
            TableName="ledger",
            KeySchema=[
                {"AttributeName": "objectKey", "KeyType": "HASH"}, {"AttributeName": "versionId", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            GlobalSecondaryIndexes=[{
                "IndexName": "by-status",
                "KeySchema": [
                    {"AttributeName": "status", "KeyType": "HASH"}, {"AttributeName": "receivedAt", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }],
            BillingMode="PAY_PER_REQUEST",
        )  # fmt: skip
        machine = clients["stepfunctions"].create_state_machine(
            name="m",
            roleArn="arn:aws:iam::123456789012:role/r",
            definition='{"StartAt":"D","States":{"D":{"Type":"Succeed"}}}',
        )["stateMachineArn"]
        monkeypatch.setenv("LANDING_BUCKET", "landing")
        monkeypatch.setenv("LEDGER_TABLE", "ledger")
        monkeypatch.setenv("STATE_MACHINE_ARN", machine)
        yield clients | {"machine": machine}
