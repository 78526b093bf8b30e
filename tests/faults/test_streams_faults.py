"""Streams when local AWS is killed: what a producer was told is safe reaches the function and the lake."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support import LocalAws

pytestmark = pytest.mark.local_aws

ROLE = "arn:aws:iam::000000000000:role/streams"
RECORDER = """
import base64, boto3, json, time, uuid
s3 = boto3.client("s3")
def handler(event, context):
    texts = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    time.sleep(0.3)
    s3.put_object(Bucket="seen", Key=f"{time.time_ns()}-{uuid.uuid4()}", Body=json.dumps(texts))
"""


def eventually(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.2)
    return value


def bodies(aws: LocalAws, bucket: str) -> list[bytes]:
    s3 = aws.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in sorted(keys)]


def world(aws: LocalAws) -> str:
    """A stream read by a slow function and by a delivery stream; a delivery stream for puts; the function's URL."""
    kinesis, s3, functions, firehose = (aws.client(name) for name in ("kinesis", "s3", "lambda", "firehose"))
    for bucket in ("seen", "archive", "direct"):
        s3.create_bucket(Bucket=bucket)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as built:
        built.writestr("app.py", RECORDER)
    functions.create_function(
        FunctionName="recorder", Role=ROLE, Runtime="python3.11", Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()}, Timeout=30,
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName="recorder")
    kinesis.create_stream(StreamName="events", ShardCount=2)
    arn = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]["StreamARN"]
    for name, source in (("archive", arn), ("direct", "")):
        origin = {"KinesisStreamARN": source, "RoleARN": ROLE}
        firehose.create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={
                "RoleARN": ROLE,
                "BucketARN": f"arn:aws:s3:::{name}",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 8},
            },
            **({"DeliveryStreamType": "KinesisStreamAsSource", "KinesisStreamSourceConfiguration": origin}
               if source else {}),
        )  # fmt: skip
    functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="recorder", StartingPosition="TRIM_HORIZON", BatchSize=10
    )
    return str(functions.create_function_url_config(FunctionName="recorder", AuthType="AWS_IAM")["FunctionUrl"])


def test_nothing_that_was_acknowledged_is_lost_when_the_gateway_dies(fresh_local_aws: LocalAws) -> None:
    aws = fresh_local_aws
    url = world(aws)
    time.sleep(3)  # control-plane state is on disk within seconds
    kinesis, firehose = aws.client("kinesis"), aws.client("firehose")
    texts = [f"event-{number}" for number in range(200)]
    for start in range(0, 200, 50):
        part = texts[start : start + 50]
        records = [{"PartitionKey": text, "Data": f"{text}\n".encode()} for text in part]
        assert kinesis.put_records(StreamName="events", Records=records)["FailedRecordCount"] == 0
        puts = [{"Data": f"{text}\n".encode()} for text in part]
        assert firehose.put_record_batch(DeliveryStreamName="direct", Records=puts)["FailedPutCount"] == 0
    eventually(lambda: bodies(aws, "seen"))
    aws.kill_gateway()

    def seen() -> set[str]:
        return {text.strip() for body in bodies(aws, "seen") for text in json.loads(body)}

    def delivered(bucket: str) -> set[str]:
        return set(b"".join(bodies(aws, bucket)).decode().split())

    eventually(lambda: seen() == set(texts))
    eventually(lambda: delivered("archive") == set(texts))
    eventually(lambda: delivered("direct") == set(texts))
    assert httpx.get(url).status_code == 403  # the same address, and still no entrance without a signature
    handled = sum(len(json.loads(body)) for body in bodies(aws, "seen"))
    assert handled < 2 * len(texts), "the mapping went back to its beginning"
