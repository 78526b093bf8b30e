"""Athena when its parts are killed: no query is left running for ever, none is lost, the next one works."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import AsyncMock

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from local_aws.context import Context
from local_aws.engines.trino import ENGINE
from local_aws.reconcile import GATEWAY
from local_aws.services.athena_engine import QueryFailed, RunningQuery, TrinoClient
from local_aws.supervisor import EngineClient, read_status
from support import LocalAws

pytestmark = pytest.mark.local_aws

BUCKET = "athena-faults-000000000000-us-east-1"
OUTPUT = {"OutputLocation": f"s3://{BUCKET}/"}
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}
SLOW = (
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x) CROSS JOIN UNNEST(sequence(1, 10000)) b(y) "
    "CROSS JOIN UNNEST(sequence(1, 1000)) c(z) WHERE x * y % 7 = z"
)
LONG = "SELECT x * 10000 + y AS n FROM UNNEST(sequence(0, 399)) a(x) CROSS JOIN UNNEST(sequence(0, 9999)) b(y)"
AT_WORK = (
    "SELECT count(*) FROM system.runtime.queries WHERE state IN ('RUNNING', 'FINISHING') "
    "AND query LIKE '%CROSS JOIN%' AND query NOT LIKE '%system.runtime%'"
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


def rows(aws: LocalAws, query_id: str) -> list[str]:
    pages = client(aws).get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
    return [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]][1:]


def ask(aws: LocalAws, query: str) -> str:
    """The one value of a query that must succeed."""
    query_id = start(aws, query)
    ended = wait(aws, query_id, ENDED)
    assert ended["State"] == "SUCCEEDED", ended
    return rows(aws, query_id)[0]


def works(aws: LocalAws) -> None:
    assert ask(aws, "SELECT 6 * 7") == "42"


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


def test_a_killed_gateway_fails_what_ran_and_trino_stops_working_on_it(fresh_local_aws: LocalAws) -> None:
    aws = fresh_local_aws
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    done = start(aws, "SELECT n FROM UNNEST(sequence(1, 3000)) a(n) ORDER BY n")
    assert wait(aws, done, ENDED)["State"] == "SUCCEEDED"
    computing, writing = start(aws, SLOW), start(aws, LONG)
    pages = aws.settings.state / "athena" / f"{writing}.jsonl"
    until(lambda: pages.exists() and pages.stat().st_size > 0, "the first rows of the long answer")
    wait(aws, computing, {"RUNNING"})
    assert int(ask(aws, AT_WORK)) == 2
    assert status(aws, writing)["State"] == "RUNNING"

    before = read_status(aws.settings, GATEWAY)
    kill(aws, GATEWAY)
    until(
        lambda: read_status(aws.settings, GATEWAY) != before and EngineClient(aws.settings).healthy(GATEWAY),
        "another gateway",
    )

    works(aws)  # the first query of the new gateway is not taken for one of the old one's
    for interrupted in (computing, writing):
        failed = status(aws, interrupted)
        assert failed["State"] == "FAILED"
        assert "interrupted by a restart" in failed["StateChangeReason"]
        with pytest.raises(ClientError, match="did not finish successfully"):
            client(aws).get_query_results(QueryExecutionId=interrupted)
    written = {entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert f"{done}.csv" in written
    assert written.isdisjoint({f"{computing}.csv", f"{writing}.csv"})
    assert rows(aws, done) == [str(n) for n in range(1, 3001)]
    until(lambda: ask(aws, AT_WORK) == "0", "Trino to end what nobody waits for")
    only_queries_of_others_are_ended(aws)


def only_queries_of_others_are_ended(aws: LocalAws) -> None:
    """A gateway that tidies Trino up after a restart spares what it has itself been asked for since."""
    ctx = Context(aws.settings, EngineClient(aws.settings), AsyncMock())
    gateway, dead = TrinoClient(ctx), TrinoClient(ctx)
    with ThreadPoolExecutor(2) as threads:
        ours, theirs = RunningQuery(), RunningQuery()
        lives = threads.submit(gateway.execute, SLOW, database="default", running=ours)
        dies = threads.submit(dead.execute, SLOW, database="default", running=theirs)
        until(lambda: "RUNNING" in ours.stats.get("state", "") and "RUNNING" in theirs.stats.get("state", ""), "both")
        gateway.resume()
        assert isinstance(dies.exception(timeout=60), QueryFailed)
        assert not lives.done()
        ours.cancel()
        assert isinstance(lives.exception(timeout=60), InterruptedError)


def until(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)
