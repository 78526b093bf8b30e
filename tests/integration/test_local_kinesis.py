"""Kinesis on local AWS: records that survive, and event source mappings with Lambda's semantics."""

from __future__ import annotations

import base64
import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws

ROLE = "arn:aws:iam::000000000000:role/streams"

# Writes every batch that it gets to S3, one object an invocation; words in the data make it fail.
RECORDER = """
import base64, boto3, json, os, time, uuid
s3 = boto3.client("s3")
def handler(event, context):
    texts = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    body = {"texts": texts, "records": event["Records"], "at": time.time()}
    s3.put_object(Bucket=os.environ["BUCKET"], Key=f"{time.time_ns()}-{uuid.uuid4()}", Body=json.dumps(body))
    time.sleep(float(os.environ.get("SECONDS", "0")))
    if os.environ.get("PARTIAL"):
        bad = [r["kinesis"]["sequenceNumber"] for r, t in zip(event["Records"], texts) if "bad" in t]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in bad]}
    if any("bad" in text for text in texts):
        raise ValueError("bad record")
"""


def eventually(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)
    return value


def archive(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as built:
        built.writestr("app.py", code)
    return buffer.getvalue()


@dataclass
class Consumer:
    """A stream, a function that records what it is given, and the mapping between them."""

    aws: Any
    name: str
    stream_arn: str
    mapping: str = ""

    def put(self, *texts: str, key: str = "k") -> None:
        self.put_keyed(*((key, text) for text in texts))

    def put_keyed(self, *records: tuple[str, str]) -> None:
        entries = [{"PartitionKey": key, "Data": text.encode()} for key, text in records]
        self.aws.client("kinesis").put_records(StreamName=self.name, Records=entries)

    @property
    def invocations(self) -> list[dict[str, Any]]:
        """What the function was given, in order of time."""
        s3 = self.aws.client("s3")
        keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=self.name).get("Contents", [])]
        return [json.loads(s3.get_object(Bucket=self.name, Key=key)["Body"].read()) for key in sorted(keys)]

    @property
    def batches(self) -> list[list[str]]:
        return [invocation["texts"] for invocation in self.invocations]

    @property
    def discarded(self) -> list[dict[str, Any]]:
        s3 = self.aws.client("s3")
        bucket = f"{self.name}-dlq"
        keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return [{"key": key} | json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in sorted(keys)]

    def counted(self, metric: str) -> float:
        """The sum of one of the mapping's own metrics."""
        now = datetime.now(UTC)
        points = self.aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "EventSourceMappingUUID", "Value": self.mapping}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    def map(self, **settings: Any) -> dict[str, Any]:
        client = self.aws.client("lambda")
        made: dict[str, Any] = client.create_event_source_mapping(
            **{"EventSourceArn": self.stream_arn, "FunctionName": self.name, "StartingPosition": "TRIM_HORIZON"}
            | settings
        )
        self.mapping = made["UUID"]
        eventually(lambda: client.get_event_source_mapping(UUID=self.mapping)["State"] in ("Enabled", "Disabled"))
        return made


@pytest.fixture
def consumer(local_aws: Any) -> Callable[..., Consumer]:
    def make(shards: int = 1, **environment: str) -> Consumer:
        name = f"s-{uuid.uuid4().hex[:8]}"
        kinesis, s3, functions = (local_aws.client(service) for service in ("kinesis", "s3", "lambda"))
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        s3.create_bucket(Bucket=name)
        s3.create_bucket(Bucket=f"{name}-dlq")
        functions.create_function(
            FunctionName=name,
            Role=ROLE,
            Runtime="python3.11",
            Handler="app.handler",
            Code={"ZipFile": archive(RECORDER)},
            Timeout=30,
            Environment={"Variables": {"BUCKET": name} | environment},
        )
        functions.get_waiter("function_active_v2").wait(FunctionName=name)
        arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
        return Consumer(local_aws, name, arn)

    return make


def to_s3(consumer: Consumer) -> dict[str, Any]:
    return {"OnFailure": {"Destination": f"arn:aws:s3:::{consumer.name}-dlq"}}


# --- records ---


def test_a_record_is_read_where_its_iterator_says(consumer: Any, local_aws: Any) -> None:
    stream = consumer()
    kinesis = local_aws.client("kinesis")
    stream.put("a", "b")
    put = kinesis.put_record(StreamName=stream.name, PartitionKey="k", Data=b"c")
    moment = time.time()
    time.sleep(0.05)
    stream.put("d")

    def read(**position: Any) -> list[bytes]:
        iterator = kinesis.get_shard_iterator(StreamName=stream.name, ShardId=put["ShardId"], **position)
        records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        return [record["Data"] for record in records]

    assert read(ShardIteratorType="TRIM_HORIZON") == [b"a", b"b", b"c", b"d"]
    number = put["SequenceNumber"]
    assert read(ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number) == [b"c", b"d"]
    assert read(ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number) == [b"d"]
    assert read(ShardIteratorType="AT_TIMESTAMP", Timestamp=moment) == [b"d"]
    assert read(ShardIteratorType="LATEST") == []


def test_a_stream_that_is_not_there_is_refused(local_aws: Any) -> None:
    with pytest.raises(ClientError, match="Stream nowhere under account 000000000000 not found") as refusal:
        local_aws.client("kinesis").put_record(StreamName="nowhere", PartitionKey="k", Data=b"x")
    assert refusal.value.response["Error"]["Code"] == "ResourceNotFoundException"


# --- mappings ---


def test_a_mapping_gives_the_function_every_record_in_order(consumer: Any) -> None:
    stream = consumer()
    stream.put("1", "2", "3", "4", "5")
    stream.map(BatchSize=2)
    eventually(lambda: len(stream.batches) == 3)
    assert stream.batches == [["1", "2"], ["3", "4"], ["5"]]
    record = stream.invocations[0]["records"][0]
    assert record.keys() == {"kinesis", "eventSource", "eventVersion", "eventID", "eventName", "invokeIdentityArn",
                             "awsRegion", "eventSourceARN"}  # fmt: skip
    assert record["eventID"] == f"shardId-000000000000:{record['kinesis']['sequenceNumber']}"
    assert (record["eventSourceARN"], record["invokeIdentityArn"]) == (stream.stream_arn, ROLE)


def test_latest_begins_with_what_comes_after(consumer: Any) -> None:
    stream = consumer()
    stream.put("before")
    stream.map(StartingPosition="LATEST")
    stream.put("after")
    eventually(lambda: stream.batches)
    assert stream.batches == [["after"]]


def test_the_batching_window_collects(consumer: Any) -> None:
    stream = consumer()
    stream.map(MaximumBatchingWindowInSeconds=3, BatchSize=100)
    for number in range(4):
        stream.put(str(number))
        time.sleep(0.3)
    eventually(lambda: stream.batches)
    assert stream.batches == [["0", "1", "2", "3"]]


def test_an_enhanced_fan_out_consumer_is_told_at_once(consumer: Any, local_aws: Any) -> None:
    stream = consumer()
    made = local_aws.client("kinesis").register_stream_consumer(StreamARN=stream.stream_arn, ConsumerName="fast")
    stream.map(EventSourceArn=made["Consumer"]["ConsumerARN"])
    stream.put("warm")
    eventually(lambda: stream.batches)
    delays = []
    for number in range(9):
        began = time.time()
        stream.put(str(number))
        eventually(lambda: len(stream.batches) == number + 2)  # noqa: B023 - called in this turn of the loop
        delays.append(stream.invocations[-1]["at"] - began)
    assert sorted(delays)[4] < 0.3
    assert stream.invocations[0]["records"][0]["eventSourceARN"] == made["Consumer"]["ConsumerARN"]


def test_parallel_lanes_keep_the_order_of_a_partition_key(consumer: Any) -> None:
    stream = consumer(SECONDS="0.5")
    stream.put_keyed(*((f"key{n % 8}", f"{n % 8}:{n}") for n in range(40)))
    stream.map(ParallelizationFactor=4, BatchSize=5)
    eventually(lambda: sum(map(len, stream.batches)) == 40)
    seen: dict[str, list[int]] = {}
    for text in (text for batch in stream.batches for text in batch):
        key, _, number = text.partition(":")
        seen.setdefault(key, []).append(int(number))
    assert seen == {str(key): list(range(key, 40, 8)) for key in range(8)}
    starts = sorted(invocation["at"] for invocation in stream.invocations)
    assert min(later - earlier for earlier, later in pairwise(starts)) < 0.4, "lanes ran in turn"


def test_a_split_shard_is_read_before_its_children(consumer: Any, local_aws: Any) -> None:
    stream = consumer(SECONDS="0.5")
    stream.put_keyed(*((f"key{n % 4}", f"{n % 4}:{n}") for n in range(12)))
    half = str(2**127)
    local_aws.client("kinesis").split_shard(
        StreamName=stream.name, ShardToSplit="shardId-000000000000", NewStartingHashKey=half
    )
    stream.put_keyed(*((f"key{n % 4}", f"{n % 4}:{n}") for n in range(12, 24)))
    stream.map(BatchSize=4)
    eventually(lambda: sum(map(len, stream.batches)) == 24)
    seen: dict[str, list[int]] = {}
    for text in (text for batch in stream.batches for text in batch):
        key, _, number = text.partition(":")
        seen.setdefault(key, []).append(int(number))
    assert seen == {str(key): list(range(key, 24, 4)) for key in range(4)}
    shards = {record["eventID"].split(":")[0] for call in stream.invocations for record in call["records"]}
    assert len(shards) == 3


def test_a_batch_that_keeps_failing_reaches_s3_whole_and_the_shard_goes_on(consumer: Any) -> None:
    stream = consumer()
    stream.put("bad", "fine")
    mapping = stream.map(BatchSize=2, MaximumRetryAttempts=1, DestinationConfig=to_s3(stream))
    (record,) = eventually(lambda: stream.discarded)
    stream.put("next")
    eventually(lambda: ["next"] in stream.batches)
    assert stream.batches == [["bad", "fine"], ["bad", "fine"], ["next"]]
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responseContext"] == {
        "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"
    }  # fmt: skip
    info = record["KinesisBatchInfo"]
    assert (info["batchSize"], info["shardId"], info["streamArn"]) == (2, "shardId-000000000000", stream.stream_arn)
    event = json.loads(record["payload"])
    assert [base64.b64decode(r["kinesis"]["data"]) for r in event["Records"]] == [b"bad", b"fine"]
    day = record["timestamp"][:10]
    assert record["key"].startswith(f"aws/lambda/{mapping['UUID']}/shardId-000000000000/{day.replace('-', '/')}/{day}T")


def test_a_bisected_batch_loses_the_bad_record_alone(consumer: Any) -> None:
    stream = consumer()
    stream.put("1", "2", "bad", "4")
    stream.map(
        MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True,
        DestinationConfig=to_s3(stream),
        MetricsConfig={"Metrics": ["EventCount"]},
    )
    (record,) = eventually(lambda: stream.discarded)
    eventually(lambda: stream.batches[-1] == ["4"])
    assert stream.batches == [["1", "2", "bad", "4"], ["1", "2"], ["bad", "4"], ["bad"], ["4"]]
    assert record["KinesisBatchInfo"]["batchSize"] == 1
    counted = {name: stream.counted(name) for name in ("PolledEventCount", "OnFailureDestinationDeliveredEventCount")}
    assert counted == {"PolledEventCount": 4, "OnFailureDestinationDeliveredEventCount": 1}


def test_a_partial_response_retries_from_the_first_failure_on(consumer: Any) -> None:
    stream = consumer(PARTIAL="1")
    stream.put("1", "2", "bad", "4")
    stream.map(
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=1,
        BisectBatchOnFunctionError=True,
        DestinationConfig=to_s3(stream),
    )
    (record,) = eventually(lambda: stream.discarded)
    eventually(lambda: stream.batches[-1] == ["4"])
    assert stream.batches == [["1", "2", "bad", "4"], ["bad", "4"], ["bad"], ["bad"], ["4"]]
    assert [r["kinesis"]["data"] for r in json.loads(record["payload"])["Records"]] == [
        base64.b64encode(b"bad").decode()
    ]


def test_queues_and_topics_get_the_metadata_alone(consumer: Any, local_aws: Any) -> None:
    stream = consumer()
    sqs, sns = local_aws.client("sqs"), local_aws.client("sns")
    queue = sqs.create_queue(QueueName=stream.name)["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name=stream.name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    stream.put("bad")
    stream.map(MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue_arn}})

    def message() -> dict[str, Any] | None:
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
        for one in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
        return json.loads(found[0]["Body"]) if found else None

    first = eventually(message)
    assert (first["KinesisBatchInfo"]["batchSize"], "payload" in first) == (1, False)
    local_aws.client("lambda").update_event_source_mapping(
        UUID=stream.mapping, DestinationConfig={"OnFailure": {"Destination": topic}}
    )
    eventually(lambda: local_aws.client("lambda").get_event_source_mapping(UUID=stream.mapping)["State"] == "Enabled")
    stream.put("bad again")
    assert "payload" not in eventually(message)


def test_a_filter_lets_only_its_records_through(consumer: Any) -> None:
    stream = consumer()
    pattern = {"data": {"kind": ["buy"], "amount": [{"numeric": [">", 10]}]}}
    stream.map(FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})
    stream.put('{"kind": "buy", "amount": 20}', '{"kind": "buy", "amount": 5}', '{"kind": "look"}', "no JSON")
    eventually(lambda: stream.batches)
    time.sleep(1.5)
    assert stream.batches == [['{"kind": "buy", "amount": 20}']]


def test_a_throttled_function_uses_up_no_retries(consumer: Any, local_aws: Any) -> None:
    stream = consumer()
    functions = local_aws.client("lambda")
    functions.put_function_concurrency(FunctionName=stream.name, ReservedConcurrentExecutions=0)
    stream.put("patient")
    stream.map(MaximumRetryAttempts=0, DestinationConfig=to_s3(stream))
    eventually(lambda: "PROBLEM" in functions.get_event_source_mapping(UUID=stream.mapping)["LastProcessingResult"])
    functions.delete_function_concurrency(FunctionName=stream.name)
    eventually(lambda: stream.batches)
    assert (stream.batches, stream.discarded) == ([["patient"]], [])


def test_a_mapping_is_disabled_enabled_and_deleted(consumer: Any, local_aws: Any) -> None:
    stream = consumer()
    functions = local_aws.client("lambda")
    made = stream.map(BatchSize=10)
    assert (made["State"], made["StateTransitionReason"]) == ("Creating", "User action")

    def state() -> str:
        return str(functions.get_event_source_mapping(UUID=stream.mapping)["State"])

    assert functions.update_event_source_mapping(UUID=stream.mapping, Enabled=False)["State"] == "Disabling"
    eventually(lambda: state() == "Disabled")
    stream.put("later")
    time.sleep(1.5)
    assert stream.batches == []
    functions.update_event_source_mapping(UUID=stream.mapping, Enabled=True, BatchSize=7)
    eventually(lambda: stream.batches == [["later"]])
    assert functions.get_event_source_mapping(UUID=stream.mapping)["BatchSize"] == 7
    listed = functions.list_event_source_mappings(FunctionName=stream.name)["EventSourceMappings"]
    assert [entry["UUID"] for entry in listed] == [stream.mapping]
    assert functions.delete_event_source_mapping(UUID=stream.mapping)["State"] == "Deleting"
    eventually(lambda: not functions.list_event_source_mappings(FunctionName=stream.name)["EventSourceMappings"])


def test_a_mapping_to_nothing_is_refused(consumer: Any, local_aws: Any) -> None:
    stream = consumer()
    functions = local_aws.client("lambda")
    with pytest.raises(ClientError, match="Stream not found") as refusal:
        functions.create_event_source_mapping(
            EventSourceArn=stream.stream_arn + "x", FunctionName=stream.name, StartingPosition="LATEST"
        )
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterValueException"
    with pytest.raises(ClientError, match="Function not found"):
        functions.create_event_source_mapping(
            EventSourceArn=stream.stream_arn, FunctionName="nobody", StartingPosition="LATEST"
        )
    stream.map()
    with pytest.raises(ClientError, match="existing mapping with UUID"):
        stream.map()
