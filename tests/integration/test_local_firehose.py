"""Firehose on local AWS: what is put is transformed, converted and delivered, and nothing of it is lost."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws

ROLE = "arn:aws:iam::000000000000:role/streams"

# The words of a record say what becomes of it.
TRANSFORM = """
import base64, json, os
calls = []
def handler(event, context):
    calls.append(len(event["records"]))
    out = []
    for record in event["records"]:
        text = base64.b64decode(record["data"]).decode()
        if "explode" in text:
            raise ValueError("explode")
        result = "ProcessingFailed" if "poison" in text else "Dropped" if "drop" in text else "Ok"
        done = json.dumps({"text": text, "batch": len(event["records"]), "calls": len(calls),
                           "source": event.get("sourceKinesisStreamArn"),
                           "metadata": record.get("kinesisRecordMetadata")}) + "\\n"
        entry = {"recordId": record["recordId"], "result": result, "data": base64.b64encode(done.encode()).decode()}
        if "forget" not in text:
            out.append(entry)
    return {"records": out}
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
class Delivery:
    """A delivery stream and its bucket, which have the same name."""

    aws: Any
    name: str

    @property
    def config(self) -> dict[str, Any]:
        return {
            "RoleARN": ROLE,
            "BucketARN": f"arn:aws:s3:::{self.name}",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
            "Prefix": "good/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
        }

    def create(self, source: str = "", **changes: Any) -> None:
        client = self.aws.client("firehose")
        origin = {
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {"KinesisStreamARN": source, "RoleARN": ROLE},
        }
        client.create_delivery_stream(
            DeliveryStreamName=self.name,
            ExtendedS3DestinationConfiguration=self.config | changes,
            **(origin if source else {}),
        )
        eventually(lambda: self.describe()["DeliveryStreamStatus"] == "ACTIVE")

    def describe(self) -> dict[str, Any]:
        found = self.aws.client("firehose").describe_delivery_stream(DeliveryStreamName=self.name)
        return dict(found["DeliveryStreamDescription"])

    def put(self, *texts: str) -> None:
        records = [{"Data": text.encode()} for text in texts]
        answer = self.aws.client("firehose").put_record_batch(DeliveryStreamName=self.name, Records=records)
        assert answer["FailedPutCount"] == 0

    def objects(self, prefix: str) -> dict[str, bytes]:
        s3 = self.aws.client("s3")
        keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])]
        return {key: s3.get_object(Bucket=self.name, Key=key)["Body"].read() for key in sorted(keys)}

    def lines(self, prefix: str) -> list[dict[str, Any]]:
        return [json.loads(line) for body in self.objects(prefix).values() for line in body.splitlines()]

    def function(self, code: str = TRANSFORM) -> str:
        client = self.aws.client("lambda")
        made = client.create_function(
            FunctionName=self.name,
            Role=ROLE,
            Runtime="python3.11",
            Handler="app.handler",
            Code={"ZipFile": archive(code)},
            Timeout=30,
        )
        client.get_waiter("function_active_v2").wait(FunctionName=self.name)
        return str(made["FunctionArn"])

    def processing(self, interval: str = "1", retries: str = "0") -> dict[str, Any]:
        values = {
            "LambdaArn": f"{self.function()}:$LATEST", "NumberOfRetries": retries, "RoleArn": ROLE,
            "BufferSizeInMBs": "0.5", "BufferIntervalInSeconds": interval,
        }  # fmt: skip
        parameters = [{"ParameterName": name, "ParameterValue": value} for name, value in values.items()]
        return {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]}

    def parquet(self, **serde: Any) -> dict[str, Any]:
        return {
            "Enabled": True,
            "SchemaConfiguration": {
                "RoleARN": ROLE,
                "DatabaseName": self.name,
                "TableName": "events",
                "Region": "us-east-1",
            },
            "InputFormatConfiguration": {"Deserializer": serde or {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
        }

    def table(self, *columns: tuple[str, str]) -> None:
        glue = self.aws.client("glue")
        glue.create_database(DatabaseInput={"Name": self.name})
        described = [{"Name": name, "Type": kind} for name, kind in columns]
        glue.create_table(
            DatabaseName=self.name,
            TableInput={
                "Name": "events",
                "StorageDescriptor": {"Columns": described, "Location": f"s3://{self.name}/good/"},
                "PartitionKeys": [{"Name": "dt", "Type": "string"}],
            },
        )


@pytest.fixture
def delivery(local_aws: Any) -> Delivery:
    name = f"fh-{uuid.uuid4().hex[:8]}"
    local_aws.client("s3").create_bucket(Bucket=name)
    return Delivery(local_aws, name)


def test_records_are_delivered_together_within_the_interval(delivery: Delivery) -> None:
    delivery.create(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 2})
    began = time.monotonic()
    for text in "abc":
        delivery.put(text)
    objects = eventually(lambda: delivery.objects("good/"))
    assert time.monotonic() - began > 1.5  # not before the interval
    assert list(objects.values()) == [b"abc"]
    key = next(iter(objects))
    assert key.startswith(f"good/{datetime.now(UTC):%Y/%m/%d}/")
    assert f"/{delivery.name}-1-{datetime.now(UTC):%Y-%m-%d}-" in key


def test_a_full_buffer_does_not_wait(delivery: Delivery) -> None:
    delivery.create(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900})
    delivery.put("x" * 600_000, "y" * 600_000)
    eventually(lambda: delivery.objects("good/"), 10)


def test_prefixes_tell_the_time_of_their_zone_and_files_are_compressed(delivery: Delivery) -> None:
    delivery.create(
        Prefix="good/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/",
        CustomTimeZone="Asia/Tokyo",
        CompressionFormat="GZIP",
    )
    delivery.put("hello")
    ((key, body),) = eventually(lambda: delivery.objects("good/")).items()
    there = datetime.now(ZoneInfo("Asia/Tokyo"))
    assert key.startswith(f"good/dt={there:%Y-%m-%d}/hour={there:%H}/{delivery.name}-1-{there:%Y-%m-%d}-")
    assert (key.endswith(".gz"), gzip.decompress(body)) == (True, b"hello")


def test_the_function_gets_a_batch_and_says_what_becomes_of_each_record(delivery: Delivery) -> None:
    delivery.create(ProcessingConfiguration=delivery.processing())
    delivery.put("one", "drop me", "poison", "two")
    done = eventually(lambda: delivery.lines("good/"))
    assert [(line["text"], line["batch"], line["calls"]) for line in done] == [("one", 4, 1), ("two", 4, 1)]
    (failed,) = eventually(lambda: delivery.lines("errors/processing-failed/"))
    assert failed.keys() == {"attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp",
                             "rawData", "lambdaArn"}  # fmt: skip
    assert (base64.b64decode(failed["rawData"]), failed["errorCode"], failed["attemptsMade"]) == (
        b"poison", "Lambda.ProcessingFailedStatus", 1
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "code", "attempts"), [("explode", "Lambda.FunctionError", 3), ("forget", "Lambda.MissingRecordId", 3)]
)
def test_a_batch_that_keeps_failing_goes_to_the_errors_whole(
    delivery: Delivery, local_aws: Any, word: str, code: str, attempts: int
) -> None:
    logs = local_aws.client("logs")
    logs.create_log_group(logGroupName=delivery.name)
    logs.create_log_stream(logGroupName=delivery.name, logStreamName="s3")
    options = {"Enabled": True, "LogGroupName": delivery.name, "LogStreamName": "s3"}
    delivery.create(ProcessingConfiguration=delivery.processing(retries="2"), CloudWatchLoggingOptions=options)
    delivery.put("healthy", word)
    failed = eventually(lambda: delivery.lines("errors/processing-failed/"))
    assert [base64.b64decode(line["rawData"]).decode() for line in failed] == ["healthy", word]
    assert {(line["errorCode"], line["attemptsMade"]) for line in failed} == {(code, attempts)}
    assert delivery.objects("good/") == {}
    events = eventually(lambda: logs.get_log_events(logGroupName=delivery.name, logStreamName="s3")["events"])
    assert json.loads(events[0]["message"])["errorCode"] == code


def test_a_throttled_function_is_tried_again(delivery: Delivery, local_aws: Any) -> None:
    delivery.create(ProcessingConfiguration=delivery.processing(retries="10"))
    functions = local_aws.client("lambda")
    functions.put_function_concurrency(FunctionName=delivery.name, ReservedConcurrentExecutions=0)
    delivery.put("patient")
    time.sleep(2.5)
    functions.delete_function_concurrency(FunctionName=delivery.name)
    assert [line["text"] for line in eventually(lambda: delivery.lines("good/"))] == ["patient"]


def test_a_kinesis_stream_is_read_to_its_end(delivery: Delivery, local_aws: Any) -> None:
    kinesis = local_aws.client("kinesis")
    kinesis.create_stream(StreamName=delivery.name, ShardCount=2)
    arn = kinesis.describe_stream_summary(StreamName=delivery.name)["StreamDescriptionSummary"]["StreamARN"]
    kinesis.put_record(StreamName=delivery.name, PartitionKey="early", Data=b"before")
    delivery.create(arn, ProcessingConfiguration=delivery.processing())
    for number in range(20):
        kinesis.put_record(StreamName=delivery.name, PartitionKey=str(number), Data=str(number).encode())
    lines = eventually(lambda: len(found := delivery.lines("good/")) == 20 and found)
    assert sorted(int(line["text"]) for line in lines) == list(range(20))
    assert {line["source"] for line in lines} == {arn}
    assert lines[0]["metadata"]["partitionKey"] == lines[0]["text"]
    with pytest.raises(ClientError, match="KinesisStreamAsSource"):
        local_aws.client("firehose").put_record(DeliveryStreamName=delivery.name, Record={"Data": b"x"})


def test_records_become_parquet_by_the_tables_columns(delivery: Delivery) -> None:
    delivery.table(
        ("event_id", "string"), ("customer_number", "bigint"), ("credit_limit", "double"), ("at", "timestamp"),
        ("browse_history", "array<struct<product_code:string,quantity:int,in_shopping_cart:boolean>>"),
        ("labels", "map<string,string>"), ("paid", "decimal(10,2)"),
    )  # fmt: skip
    delivery.create(
        Prefix="good/dt=!{timestamp:yyyy-MM-dd}/",
        BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 1},
        DataFormatConversionConfiguration=delivery.parquet(),
    )
    history = [{"Product_Code": "S10", "quantity": 2, "in_shopping_cart": True, "unknown": 1}]
    good = {"EVENT_ID": "a", "customer_number": "7", "credit_limit": 10.5, "at": "2026-11-21T10:00:00.5Z",
            "browse_history": history, "labels": {"Color": "Red"}, "paid": 12.345, "extra": 1}  # fmt: skip
    bad = ['{"customer_number": "many"}', "no JSON", '{"event_id": "\\ud800"}', '{"paid": 123456789}']
    delivery.put(json.dumps(good), '{"event_id": "b"}{"event_id": "c"}', *bad)
    ((key, body),) = eventually(lambda: delivery.objects("good/")).items()
    assert key.startswith(f"good/dt={datetime.now(UTC):%Y-%m-%d}/")
    assert key.endswith(".parquet")
    file = pq.ParquetFile(io.BytesIO(body))
    assert file.metadata.row_group(0).column(0).compression == "SNAPPY"
    first, *others = file.read().to_pylist()
    assert str(first.pop("at")).startswith("2026-11-21 10:00:00.5")
    assert str(first.pop("paid")) == "12.35"
    assert first == {
        "event_id": "a",
        "customer_number": 7,
        "credit_limit": 10.5,
        "browse_history": [{"product_code": "S10", "quantity": 2, "in_shopping_cart": True}],
        "labels": [("color", "Red")],
    }
    assert [row["event_id"] for row in others] == ["b", "c"]
    failed = eventually(lambda: delivery.lines("errors/format-conversion-failed/"))
    assert [base64.b64decode(line["rawData"]) for line in failed] == [text.encode() for text in bad]
    assert {line["lastErrorCode"] for line in failed} == {"DataFormatConversion.MalformedData"}
    assert failed[0]["dataCatalogTable"]["tableName"] == "events"


def test_a_table_that_comes_later_loses_nothing(delivery: Delivery) -> None:
    delivery.create(
        BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 0},
        DataFormatConversionConfiguration=delivery.parquet(),
    )
    delivery.put('{"event_id": "a"}')
    time.sleep(2)
    assert delivery.objects("") == {}
    delivery.table(("event_id", "string"))
    ((_, body),) = eventually(lambda: delivery.objects("good/")).items()
    assert pq.read_table(io.BytesIO(body)).to_pylist() == [{"event_id": "a"}]


def test_the_backup_has_the_records_as_they_came(delivery: Delivery) -> None:
    backup = {
        "RoleARN": ROLE,
        "BucketARN": f"arn:aws:s3:::{delivery.name}",
        "Prefix": "source/",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
    }
    delivery.create(ProcessingConfiguration=delivery.processing(), S3BackupMode="Enabled", S3BackupConfiguration=backup)
    delivery.put("one\n", "drop me\n", "poison\n")
    eventually(lambda: delivery.lines("good/"))
    assert b"".join(delivery.objects("source/").values()) == b"one\ndrop me\npoison\n"


def test_an_update_is_felt_and_counted(delivery: Delivery, local_aws: Any) -> None:
    delivery.create(Prefix="good/first/")
    client = local_aws.client("firehose")
    destination = delivery.describe()["Destinations"][0]["DestinationId"]

    def update(version: str) -> None:
        client.update_destination(
            DeliveryStreamName=delivery.name,
            CurrentDeliveryStreamVersionId=version,
            DestinationId=destination,
            ExtendedS3DestinationUpdate={"Prefix": "good/second/"},
        )

    update("1")
    with pytest.raises(ClientError, match="ConcurrentModificationException"):
        update("1")
    delivery.put("x")
    (key,) = eventually(lambda: delivery.objects("good/"))
    assert key.startswith("good/second/")
    assert f"{delivery.name}-2-" in key


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Prefix": "x/!{timestamp:yyyy}/", "ErrorOutputPrefix": ""}, "ErrorOutputPrefix is required"),
        ({"ErrorOutputPrefix": "e/!{timestamp:yyyy}/"}, "error-output-type"),
        ({"CustomTimeZone": "Mars/Olympus"}, "not a time zone"),
        ({"BufferingHints": {"SizeInMBs": 200, "IntervalInSeconds": 60}}, "1 to 128 MB"),
    ],
)
def test_what_firehose_refuses_is_refused(delivery: Delivery, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientError, match=reason) as refusal:
        delivery.create(**changes)
    assert refusal.value.response["Error"]["Code"] == "InvalidArgumentException"


def test_a_parquet_buffer_under_64_mb_is_refused(delivery: Delivery) -> None:
    with pytest.raises(ClientError, match="at least 64"):
        delivery.create(DataFormatConversionConfiguration=delivery.parquet())


# --- Terraform ---

# The one function of streams.tf: Firehose's records pass, a mapping's batch succeeds.
PASS = """
def handler(event, context):
    records = event.get("records", [])
    return {"records": [{"recordId": r["recordId"], "result": "Ok", "data": r["data"]} for r in records]}
"""


@pytest.mark.slow
def test_terraform_applies_the_streams_and_then_plans_no_change(local_aws: Any, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text((Path(__file__).parent / "streams.tf").read_text())
    (tmp_path / "app.zip").write_bytes(archive(PASS))
    environment = local_aws.env | {"TF_CLI_ARGS_init": "", "TF_IN_AUTOMATION": "1", "TF_VAR_archive": "app.zip"}

    def terraform(*arguments: str) -> int:
        return subprocess.run(
            ["terraform", *arguments], cwd=tmp_path, env=os.environ | environment, check=False
        ).returncode

    assert terraform("init", "-input=false") == 0
    try:
        assert terraform("apply", "-auto-approve", "-input=false") == 0
        assert terraform("plan", "-detailed-exitcode", "-input=false") == 0
        event = json.dumps({"event_id": "e1", "schema_version": 1}).encode()
        local_aws.client("kinesis").put_record(StreamName="streams-test-events", PartitionKey="k", Data=event)
        s3 = local_aws.client("s3")

        def delivered() -> list[Any]:
            found = s3.list_objects_v2(Bucket="streams-test-lake", Prefix="events/dt=").get("Contents", [])
            bodies = [s3.get_object(Bucket="streams-test-lake", Key=entry["Key"])["Body"].read() for entry in found]
            return [row for body in bodies for row in pq.read_table(io.BytesIO(body)).to_pylist()]

        assert eventually(delivered) == [{"event_id": "e1"}]
    finally:
        assert terraform("destroy", "-auto-approve", "-input=false") == 0
