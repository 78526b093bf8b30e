"""Metric filters on local AWS: log events become data points, and alarms see them."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws


def eventually(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)
    return value


class Group:
    """A log group with one stream, and the metrics of a namespace of its own."""

    def __init__(self, aws: Any, name: str = "") -> None:
        self.logs, self.cloudwatch = aws.client("logs"), aws.client("cloudwatch")
        self.namespace = f"Tests/{uuid.uuid4().hex[:8]}"
        self.name = name or self.namespace
        self.logs.create_log_group(logGroupName=self.name)
        self.logs.create_log_stream(logGroupName=self.name, logStreamName="s")

    def filter(self, pattern: str, **transformation: Any) -> None:
        metric = {"metricName": "Found", "metricNamespace": self.namespace, "metricValue": "1"} | transformation
        self.logs.put_metric_filter(
            logGroupName=self.name, filterName="f", filterPattern=pattern, metricTransformations=[metric]
        )

    def write(self, *messages: str) -> None:
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": message} for message in messages]
        self.logs.put_log_events(logGroupName=self.name, logStreamName="s", logEvents=events)

    def total(self, **dimensions: str) -> float | None:
        now = datetime.now(UTC)
        points = self.cloudwatch.get_metric_statistics(
            Namespace=self.namespace,
            MetricName="Found",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points) if points else None


@pytest.fixture
def group(local_aws: Any) -> Group:
    return Group(local_aws)


@pytest.mark.parametrize(
    ("pattern", "value", "messages", "total"),
    [
        ("ERROR -retry", "1", ["ERROR a", "an ERROR, retry later", "fine"], 1),
        ("?ERROR ?WARN", "1", ["ERROR", "WARN", "INFO"], 2),
        ('"two words"', "1", ["two words", "words two"], 1),
        ("%5[0-9]{2}%", "1", ["status 503", "status 404"], 1),
        ('{ $.level = "ERROR" }', "1", ['{"level": "ERROR"}', '{"level": "INFO"}', "ERROR"], 1),
        ("{ ($.ms > 100 && $.path = /items*) || $.slow IS TRUE }", "$.ms",
         ['{"ms": 150, "path": "/items/1"}', '{"ms": 90, "path": "/items/1"}', '{"ms": 1, "slow": true}'], 151),
        ("{ $.user NOT EXISTS }", "1", ['{"user": null}', '{"a": 1}'], 1),
        ("[ip, user, status = 5*, bytes]", "$bytes", ["1.2.3.4 me 503 20", "1.2.3.4 me 200 30"], 20),
        ("[..., code >= 400, bytes]", "$code", ["a b 404 1", "c 200 1"], 404),
    ],
)  # fmt: skip
def test_events_that_fit_the_pattern_are_counted(
    group: Group, pattern: str, value: str, messages: list[str], total: float
) -> None:
    group.filter(pattern, metricValue=value)
    group.write(*messages)
    assert eventually(group.total) == total


def test_dimensions_come_from_the_event(group: Group) -> None:
    group.filter("{ $.path = * }", dimensions={"Path": "$.path"})
    group.write('{"path": "popular"}', '{"path": "fold-in"}', '{"path": "popular"}')
    assert (group.total(Path="popular"), group.total(Path="fold-in")) == (2, 1)


def test_a_default_value_is_reported_without_a_match(group: Group) -> None:
    group.filter("ERROR", defaultValue=0.0)
    group.write("fine")
    assert group.total() == 0


def test_what_a_function_prints_is_counted(local_aws: Any) -> None:
    name = f"prints-{uuid.uuid4().hex[:8]}"
    group = Group(local_aws, f"/aws/lambda/{name}")
    group.filter("{ $.outcome = quarantined }", metricValue="$.records")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as built:
        code = "import json\ndef handler(e, c): print(json.dumps({'outcome': 'quarantined', 'records': 3}))"
        built.writestr("app.py", code)
    functions = local_aws.client("lambda")
    functions.create_function(
        FunctionName=name,
        Role="arn:aws:iam::000000000000:role/x",
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    functions.invoke(FunctionName=name)
    assert eventually(group.total) == 3


def test_a_pattern_that_is_none_is_refused(group: Group) -> None:
    with pytest.raises(ClientError, match="Invalid metric filter pattern") as refusal:
        group.filter("{ $.level = }")
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_pattern_can_be_tried(group: Group) -> None:
    messages = ['{"n": 1}', '{"n": 2}']
    found = group.logs.test_metric_filter(filterPattern="{ $.n > 1 }", logEventMessages=messages)["matches"]
    assert [(match["eventNumber"], json.loads(match["eventMessage"])) for match in found] == [(2, {"n": 2})]
