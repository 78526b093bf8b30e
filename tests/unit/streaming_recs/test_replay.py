"""Records that failed go back onto the stream whole, from all three places they fail to."""

from __future__ import annotations

import base64
import json
from typing import Any

import boto3
import pytest
from serving_world import BUCKET, Serving, browse, raw
from streaming_recs.adapters.event_sink import EventSink, StreamRefusedError
from streaming_recs.replay import replay


@pytest.fixture
def sink(serving: Serving) -> EventSink:
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="retail-events", ShardCount=1)
    return EventSink(kinesis, "retail-events")


def on_the_stream() -> list[Any]:
    kinesis = boto3.client("kinesis")
    shard = kinesis.list_shards(StreamName="retail-events")["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(StreamName="retail-events", ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    return [json.loads(record["Data"]) for record in kinesis.get_records(ShardIterator=start)["Records"]]


def put(key: str, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def test_quarantined_records_stay_until_they_are_events(serving: Serving, sink: EventSink) -> None:
    serving.publish()
    repaired, bad = browse("A0000001", event_id="repaired"), b"{bad"
    serving.transform(bad, invocation="one")
    [(key, content)] = serving.objects("quarantine/").items()
    line = {"raw_base64": base64.b64encode(raw(repaired)).decode(), "reason": "was repaired by hand"}
    put(key, content + json.dumps(line).encode() + b"\n")

    done = replay(boto3.client("s3"), BUCKET, sink)
    assert (done.objects, done.sent, list(done.refused.values())) == (1, 1, [1])
    assert [event["event_id"] for event in on_the_stream()] == ["repaired"]
    [left] = [json.loads(line) for line in serving.objects("quarantine/")[key].splitlines()]
    assert base64.b64decode(left["raw_base64"]) == bad
    assert serving.objects("replayed/")

    again = replay(boto3.client("s3"), BUCKET, sink)
    assert again.sent == 0
    assert len(on_the_stream()) == 1


def test_what_lambda_gave_up_on_and_what_firehose_could_not_deliver_is_replayed(
    serving: Serving, sink: EventSink
) -> None:
    def record(event_id: str) -> dict[str, Any]:
        return {"kinesis": {"data": base64.b64encode(raw(browse("A", event_id=event_id))).decode()}}

    destination = {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "KinesisBatchInfo": {"batchSize": 2},
        "payload": json.dumps({"Records": [record("e1"), record("e2")]}),
    }
    put("aws/lambda/mapping/shardId-0/2026/11/21/x", json.dumps(destination).encode())
    failed = {"rawData": base64.b64encode(raw(browse("A", event_id="e3"))).decode(), "errorCode": "Lambda.Failed"}
    put("errors/firehose/x", json.dumps(failed).encode() + b"\n")
    done = replay(boto3.client("s3"), BUCKET, sink, ("aws/lambda/", "errors/firehose/"))
    assert (done.objects, done.sent, done.refused) == (2, 3, {})
    assert [event["event_id"] for event in on_the_stream()] == ["e1", "e2", "e3"]
    assert serving.objects("aws/") == {}


def test_a_dry_run_sends_and_moves_nothing(serving: Serving, sink: EventSink) -> None:
    put(
        "quarantine/browse_events/dt=2026-11-21/x.jsonl",
        json.dumps({"raw_base64": base64.b64encode(raw(browse())).decode()}).encode(),
    )
    assert replay(boto3.client("s3"), BUCKET, None).sent == 1
    assert on_the_stream() == []
    assert len(serving.objects("quarantine/")) == 1


class Throttling:
    """A stream that takes every second record, as a shard at its limit does."""

    def __init__(self, gives_up: bool = False) -> None:
        self.taken: list[bytes] = []
        self.gives_up = gives_up

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        results: list[dict[str, str]] = []
        for n, record in enumerate(Records):
            if self.gives_up or n % 2:
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.taken.append(record["Data"])
                results.append({"SequenceNumber": "1"})
        return {"Records": results}


def test_throttled_records_are_sent_again_and_none_twice() -> None:
    stream = Throttling()
    assert EventSink(stream, "s").send_raw((str(n).encode(), "k") for n in range(20)) == 20
    assert sorted(stream.taken) == sorted(str(n).encode() for n in range(20))


def test_a_stream_that_takes_nothing_is_an_error() -> None:
    with pytest.raises(StreamRefusedError, match="Send more slowly"):
        EventSink(Throttling(gives_up=True), "s").send_raw([(b"x", "k")])
