"""The operations page: CloudWatch's figures of the platform, without waiting for them, and the instance's own."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto.cloudwatch.models import MetricDatum, cloudwatch_backends
from shop_world import Shopper
from storefront.main import create_app
from storefront.services.aws import Parameters
from storefront.services.platform import Platform, PlatformWatch
from storefront.settings import Settings
from storefront.shop import Shop

BALANCER, TARGETS = "app/retail-web/0123456789abcdef", "targetgroup/retail-web/fedcba9876543210"


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def put(namespace: str, metric: str, dimensions: dict[str, str], *points: tuple[float, float]) -> None:
    """(minutes ago, value). PutMetricData refuses AWS's own namespaces, so that theirs go in behind it."""
    told = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    data = [
        {"MetricName": metric, "Dimensions": told, "Timestamp": minutes_ago(ago), "Value": value}
        for ago, value in points
    ]
    if not namespace.startswith("AWS/"):
        boto3.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)
        return
    [backend] = [account["us-east-1"] for account in cloudwatch_backends.values()]
    backend.metric_data += [
        MetricDatum(namespace, metric, value, told, minutes_ago(ago).replace(tzinfo=None)) for ago, value in points
    ]


@pytest.fixture(autouse=True)
def _no_metrics(aws: None) -> None:
    boto3.client("cloudwatch").list_metrics()
    for account in cloudwatch_backends.values():
        account["us-east-1"].metric_data.clear()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, autoscaling_group="retail-web", load_balancer=BALANCER, target_group=TARGETS)


@pytest.fixture
def watch(settings: Settings) -> Callable[[Any], PlatformWatch]:
    parameters = Parameters(boto3.client("ssm"), "retail")
    return lambda cloudwatch: PlatformWatch(cloudwatch, parameters, settings)


def facts(shopper: Shopper) -> dict[str, str]:
    """What the page says, by what it says it of."""
    text = shopper.get("/operations").text
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))


def looked_at(shopper: Shopper, name: str, value: str) -> dict[str, str]:
    """The page once it says so; it answers before CloudWatch does."""
    deadline = time.monotonic() + 30
    while value not in (found := facts(shopper)).get(name, ""):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def test_the_lake_is_as_fresh_as_its_latest_publication(shopper: Shopper) -> None:
    lake, when = {"Project": "retail"}, minutes_ago(180)
    put("Retail/Lake", "RowsPublished", lake, (2_000, 17), (180, 123_456))
    put("Retail/Lake", "RowsQuarantined", lake, (2_000, 1), (180, 12))
    put("Retail/Lake", "ChecksFailed", lake, (2_000, 0), (60, 3))
    put("Retail/Lake", "RowsPublished", {"Project": "another"}, (5, 999))
    found = looked_at(shopper, "last published", "3 h ago")
    assert when.strftime("%Y-%m-%d %H:") in found["last published"]
    assert found["rows published"] == "123,456"
    assert found["rows quarantined"] == "12"
    assert found["checks failed at the last audit"] == "3"


def test_times_are_utc_wherever_the_machine_is(shopper: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    when = minutes_ago(180)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        put("Retail/Lake", "RowsPublished", {"Project": "retail"}, (180, 1))
        found = looked_at(shopper, "last published", "3 h ago")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert when.strftime("%Y-%m-%d %H:") in found["last published"]


def test_the_streams_lag_is_that_of_the_latest_minute(shopper: Shopper) -> None:
    stream = boto3.client("ssm").get_parameter(Name="/retail/events/stream_name")["Parameter"]["Value"]
    put("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", {"StreamName": stream}, (9, 90_000), (3, 250))
    put("AWS/Lambda", "IteratorAge", {"FunctionName": "retail-profile-updater"}, (3, 4_200))
    put("AWS/Firehose", "DeliveryToS3.DataFreshness", {"DeliveryStreamName": "retail-recommendations"}, (3, 660))
    found = looked_at(shopper, "oldest browse event that a reader has yet to read", "250 ms")
    assert found["the profile updater&#39;s oldest record"] == "4.2 s"
    assert found["oldest recommendation not yet in the lake"] == "11 min"


def test_scaling_is_shown_in_numbers_and_as_lines_that_are_told_in_words(shopper: Shopper) -> None:
    group = {"AutoScalingGroupName": "retail-web"}
    put("AWS/AutoScaling", "GroupDesiredCapacity", group, (5, 4), (3, 4))
    put("AWS/AutoScaling", "GroupInServiceInstances", group, (120, 2), (60, 2), (3, 4))
    put("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": BALANCER}, (90, 1_000), (3, 4_321))
    targets = {"LoadBalancer": BALANCER, "TargetGroup": TARGETS}
    put("AWS/ApplicationELB", "RequestCountPerTarget", targets, (3, 1_080))
    found = looked_at(shopper, "instances in service", "4")
    assert found["instances wanted"] == "4"
    assert found["requests in the latest minute"] == "4,321"
    assert found["of them for each instance"] == "1,080"
    assert found["99 of 100 requests took at most"] == "no requests in the last 3 hours"
    page = shopper.get("/operations")
    assert "From 0 to 4,321 over the last 3 hours." in page.text
    assert "Between 2 and 4 over the last 3 hours." in page.text
    requests, instances = re.findall(r'<polyline points="([^"]+)"', page.text)
    assert len(requests.split()) == 180
    heights = [float(point.partition(",")[2]) for point in requests.split()]
    assert (min(heights), max(heights)) == (2.0, 38.0)  # the greatest on top, minutes without a request at the bottom
    assert len(instances.split()) == 3
    assert page.tags.count("svg") == page.tags.count("desc") == 2


def test_what_was_never_told_is_said_to_be_so(shopper: Shopper) -> None:
    found = looked_at(shopper, "last published", "nothing published in the last 14 days")
    assert found["rows published"] == "nothing published in the last 14 days"
    assert found["instances in service"] == "nothing told in the last 3 hours"


def test_a_shop_without_a_load_balancer_says_so(shop: Shop, settings: Settings) -> None:
    shop.settings = replace(settings, autoscaling_group="", load_balancer="", target_group="")
    assert "no load balancer" in facts(Shopper(create_app(shop)))["instances"]


class Unreachable:
    """CloudWatch that cannot be reached while `down`; else Moto's."""

    def __init__(self) -> None:
        self.down, self.calls, self.real = True, 0, boto3.client("cloudwatch")

    def get_paginator(self, name: str) -> Any:
        self.calls += 1
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://monitoring")
        return self.real.get_paginator(name)


def asked(watch: PlatformWatch) -> Platform:
    """The answer to a question asked now."""
    watch._next_at = 0.0
    watch.look()
    while watch._asking is not None:
        time.sleep(0.01)
    return watch.look()


def test_cloudwatch_that_does_not_answer_is_a_state_and_what_it_said_before_stays(
    shop: Shop, watch: Callable[[Any], PlatformWatch]
) -> None:
    cloudwatch = Unreachable()
    shop.platform = watch(cloudwatch)
    shopper = Shopper(create_app(shop))
    assert asked(shop.platform).failing
    assert facts(shopper)["last published"] == "CloudWatch does not answer"
    cloudwatch.down = False
    put("Retail/Lake", "RowsPublished", {"Project": "retail"}, (180, 5))
    assert not asked(shop.platform).failing
    assert facts(shopper)["rows published"] == "5"
    cloudwatch.down = True
    assert asked(shop.platform).failing
    again = facts(shopper)
    assert (again["rows published"], "3 h ago" in again["last published"]) == ("5", True)
    assert "CloudWatch does not answer; the log says why" in shopper.get("/operations").text


def test_cloudwatch_is_asked_at_most_every_thirty_seconds_and_only_when_somebody_looks(
    watch: Callable[[Any], PlatformWatch],
) -> None:
    cloudwatch = Unreachable()
    cloudwatch.down = False
    platform = watch(cloudwatch)
    assert cloudwatch.calls == 0
    asked(platform)
    for _ in range(5):
        platform.look()
    assert cloudwatch.calls == 2  # one question of two weeks, one of three hours


def test_the_page_does_not_wait_for_a_cloudwatch_that_hangs(shop: Shop, watch: Callable[[Any], PlatformWatch]) -> None:
    answered = threading.Event()

    class Hanging:
        def get_paginator(self, _: str) -> Any:
            answered.wait(60)
            raise EndpointConnectionError(endpoint_url="https://monitoring")

    shop.platform = watch(Hanging())
    shopper = Shopper(create_app(shop))
    assert {facts(shopper)["last published"] for _ in range(3)} == {"not known yet"}
    assert not answered.is_set()
    answered.set()


def test_the_instances_own_facts_are_there_whatever_cloudwatch_says(shopper: Shopper, function: Any) -> None:
    function.items = [{"product_code": "S10_2", "score": 0.9, "reason": "Often together"}]
    shopper.get("/products/S10_1")
    found = facts(shopper)
    assert found["model version"] == "v7"
    assert found["catalogue"].startswith("3 products, read ")
    assert found["waiting in memory"] == "1"
    assert found["rows of path folded_in"] == "1"
