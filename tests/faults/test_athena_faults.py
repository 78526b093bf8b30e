"""Athena when its parts are killed: no query is left running for ever, none is lost, the next one works."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from local_aws.engines.trino import ENGINE
from local_aws.supervisor import read_status
from support import LocalAws

pytestmark = pytest.mark.local_aws

BUCKET = "athena-faults-000000000000-us-east-1"
OUTPUT = {"OutputLocation": f"s3://{BUCKET}/"}
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}
SLOW = (
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x) CROSS JOIN UNNEST(sequence(1, 10000)) b(y) "
    "CROSS JOIN UNNEST(sequence(1, 1000)) c(z) WHERE x * y % 7 = z"
)


def client(aws: LocalAws) -> Any:
    return boto3.client(
        "athena",
        endpoint_url=aws.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def start(aws: LocalAws, query: str) -> str:
    return str(client(aws).start_query_execution(QueryString=query, ResultConfiguration=OUTPUT)["QueryExecutionId"])


def status(aws: LocalAws, query_id: str) -> dict[str, Any]:
    """The query's status; while the gateway is away, that of nothing."""
    try:
        found = client(aws).get_query_execution(QueryExecutionId=query_id)
    except (BotoCoreError, ClientError):
        return {"State": "UNKNOWN"}
    return dict(found["QueryExecution"]["Status"])


def wait(aws: LocalAws, query_id: str, states: set[str], seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (found := status(aws, query_id))["State"] not in states:
        assert time.monotonic() < deadline, f"{query_id} is {found} after {seconds} s"
        time.sleep(0.1)
    return found


def kill(aws: LocalAws, engine: str) -> None:
    found = read_status(aws.settings, engine)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)


def works(aws: LocalAws) -> None:
    query_id = start(aws, "SELECT 6 * 7")
    assert wait(aws, query_id, ENDED)["State"] == "SUCCEEDED"
    rows = client(aws).get_query_results(QueryExecutionId=query_id)["ResultSet"]["Rows"]
    assert rows[1]["Data"][0]["VarCharValue"] == "42"


def test_a_killed_trino_fails_the_running_query_and_the_next_one_works(fresh_local_aws: LocalAws) -> None:
    aws = fresh_local_aws
    aws.client("s3").create_bucket(Bucket=BUCKET)
    early = start(aws, "SELECT 1")
    assert status(aws, early)["State"] == "QUEUED"  # Trino is only now being started
    assert wait(aws, early, ENDED)["State"] == "SUCCEEDED"

    running = start(aws, SLOW)
    wait(aws, running, {"RUNNING"})
    kill(aws, ENGINE)
    failed = wait(aws, running, ENDED, seconds=30)
    assert failed["State"] == "FAILED"
    assert "query engine ended" in failed["StateChangeReason"]
    works(aws)
