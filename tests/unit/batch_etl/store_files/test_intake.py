"""Events, in any order and number, become one execution for each version that arrived."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from batch_etl.handlers import file_intake
from batch_etl.sources.store_files.ledger import Ledger, Status, file_of

KEY = "store-files/../a b+c%20é.csv"


@pytest.fixture
def aws(intake_aws: dict[str, Any]) -> dict[str, Any]:
    return intake_aws


def put(aws: dict[str, Any], key: str, body: bytes = b"x") -> str:
    return str(aws["s3"].put_object(Bucket="landing", Key=key, Body=body)["VersionId"])


def message(key: str, version: str | None = None, at: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    named = {"key": key} | ({"version-id": version} if version else {})
    return record(
        json.dumps({"detail-type": "Object Created", "time": at, "detail": {"object": named}}), f"{key}{version}"
    )


def record(body: str, identity: str = "one") -> dict[str, Any]:
    return {
        "messageId": identity, "receiptHandle": "h", "body": body, "attributes": {}, "messageAttributes": {},
        "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:1:q",
        "awsRegion": "us-east-1",
    }  # fmt: skip


def take(*messages: dict[str, Any]) -> list[str]:
    """The ids of the messages that failed."""
    answer = file_intake.handler({"Records": list(messages)}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def started(aws: dict[str, Any]) -> list[list[tuple[str, str]]]:
    """key and version of each execution's files."""
    states = aws["stepfunctions"]
    listed = states.list_executions(stateMachineArn=os.environ["STATE_MACHINE_ARN"])["executions"]
    inputs = [json.loads(states.describe_execution(executionArn=one["executionArn"])["input"]) for one in listed]
    return [[(file["key"], file["version"]) for file in one["files"]] for one in inputs]


def test_a_batch_is_one_execution_and_a_name_is_taken_as_it_is(aws):
    versions = [(key, put(aws, key)) for key in (KEY, "store-files/b.json")]
    assert take(*(message(key, version) for key, version in versions)) == []
    assert [sorted(files) for files in started(aws)] == [sorted(versions)]


def test_an_event_that_comes_twice_starts_nothing_more(aws):
    version = put(aws, KEY)
    take(message(KEY, version), message(KEY, version, "2026-01-01T00:00:09Z"))
    assert started(aws) == [[(KEY, version)]]
    (row,) = Ledger(aws["dynamodb"], "ledger").having(Status.RECEIVED)
    assert Ledger(aws["dynamodb"], "ledger").claim(file_of(row), "run-1")
    take(message(KEY, version))
    assert len(started(aws)) == 1


def test_both_versions_of_an_overwritten_file_are_taken_in_any_order(aws):
    first, second = put(aws, KEY, b"1"), put(aws, KEY, b"2")
    take(message(KEY, second, "2026-01-01T00:00:02Z"), message(KEY, first, "2026-01-01T00:00:01Z"))
    assert started(aws) == [[(KEY, first), (KEY, second)]]


def test_without_a_version_in_its_event_the_current_one_is_pinned(aws):
    version = put(aws, KEY)
    take(message(KEY))
    assert started(aws) == [[(KEY, version)]]


def test_a_message_that_is_no_arrival_fails_alone(aws):
    version = put(aws, KEY)
    others = [record("no JSON", "a"), record("{}", "b"), message("transactions/raw/x.json")]
    assert take(*others, message(KEY, version)) == ["a", "b", "transactions/raw/x.jsonNone"]
    assert started(aws) == [[(KEY, version)]]


def test_folders_and_what_is_gone_are_passed_over(aws):
    put(aws, "store-files/")
    put(aws, "store-files/sub/", b"")
    assert (
        take(message("store-files/sub/"), message("store-files/gone.csv"), message("store-files/gone.csv", "v")) == []
    )
    assert started(aws) in ([], [[]])


def test_more_files_than_an_execution_can_be_told_of_become_several(aws):
    keys = [f"store-files/{'x' * 900}-{at}.csv" for at in range(300)]
    versions = [(key, put(aws, key)) for key in keys]
    take(*(message(key, version) for key, version in versions))
    found = started(aws)
    assert len(found) == 2
    assert sorted(file for files in found for file in files) == sorted(versions)
