"""What CloudWatch knows of the platform around the shop: the lake, the stream, the web tier.

Asked in the background, only while somebody looks, and at most every thirty seconds for each process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from storefront.services.aws import Parameters
from storefront.settings import Settings

logger = logging.getLogger(__name__)
# Minutes are kept for fifteen days ("Metrics retention"); publications are few, so that minutes of two weeks are too.
LAKE_DAYS, LIVE_HOURS = 14, 3
_MINUTE = 60
_ASK_SECONDS, _WAIT_SECONDS, _FIRST_WAIT_SECONDS = 30.0, 0.3, 2.0
Moment = tuple[datetime, float]


@dataclass(frozen=True)
class Figure:
    """One metric of CloudWatch by minutes; `key` is our name for it."""

    key: str
    namespace: str
    metric: str
    statistic: str
    dimensions: Mapping[str, str]

    def query(self) -> dict[str, Any]:
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        metric = {"Namespace": self.namespace, "MetricName": self.metric, "Dimensions": dimensions}
        return {"Id": self.key, "MetricStat": {"Metric": metric, "Period": _MINUTE, "Stat": self.statistic}}


@dataclass(frozen=True)
class Platform:
    """Minutes of each figure, the latest last, as CloudWatch had them at `asked_at` (seconds since 1970; 0.0 is never).

    `failing` when it did not answer the last time.
    """

    figures: Mapping[str, Sequence[Moment]] = field(default_factory=dict)
    asked_at: float = 0.0
    failing: bool = False

    def latest(self, key: str) -> Moment | None:
        minutes = self.figures.get(key)
        return minutes[-1] if minutes else None


class PlatformWatch:
    """`cloudwatch` is boto3's client."""

    def __init__(self, cloudwatch: Any, parameters: Parameters, settings: Settings) -> None:
        self._cloudwatch, self._parameters, self._settings = cloudwatch, parameters, settings
        self._guard = threading.Lock()
        self._asking: threading.Thread | None = None
        self._next_at = 0.0
        self._held = Platform()

    def look(self) -> Platform:
        """What is known now; a moment is granted to an answer that is under way, a longer one to a process's first."""
        with self._guard:
            if self._asking is None and time.monotonic() >= self._next_at:
                self._asking = threading.Thread(target=self._ask, daemon=True, name="platform")
                self._asking.start()
            asking = self._asking
        if asking is not None:
            asking.join(_WAIT_SECONDS if self._held.asked_at else _FIRST_WAIT_SECONDS)
        return self._held

    def _ask(self) -> None:
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        try:
            lake = self._minutes(self._lake_figures(), now - timedelta(days=LAKE_DAYS), now)
            live = self._minutes(self._live_figures(), now - timedelta(hours=LIVE_HOURS), now)
            self._held = Platform(lake | live, time.time())
        except (BotoCoreError, ClientError, OSError) as problem:
            logger.warning("CloudWatch does not answer: %s", problem)
            self._held = replace(self._held, failing=True)
        finally:
            self._next_at = time.monotonic() + _ASK_SECONDS
            self._asking = None

    def _minutes(self, figures: Sequence[Figure], since: datetime, until: datetime) -> dict[str, list[Moment]]:
        """The minute that is not over yet is left out: it would look like a fall."""
        found: dict[str, list[Moment]] = {figure.key: [] for figure in figures}
        pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[figure.query() for figure in figures], StartTime=since, EndTime=until,
            ScanBy="TimestampAscending",
        )  # fmt: skip
        for page in pages:
            for result in page["MetricDataResults"]:
                moments = [moment.astimezone(UTC) for moment in result["Timestamps"]]  # boto3's are the machine's
                found[result["Id"]] += zip(moments, result["Values"], strict=True)
        return {key: sorted(minutes) for key, minutes in found.items()}

    def _lake_figures(self) -> list[Figure]:
        project = {"Project": self._settings.project}
        return [
            Figure("published", "Retail/Lake", "RowsPublished", "Sum", project),
            Figure("quarantined", "Retail/Lake", "RowsQuarantined", "Sum", project),
            Figure("checksFailed", "Retail/Lake", "ChecksFailed", "Maximum", project),
        ]

    def _live_figures(self) -> list[Figure]:
        return [*self._stream_figures(), *self._scaling_figures()]

    def _stream_figures(self) -> Iterator[Figure]:
        project = self._settings.project
        updater, delivery = f"{project}-profile-updater", f"{project}-recommendations"
        if stream := self._parameters.get("events/stream_name"):
            yield Figure(
                "streamAge", "AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "Maximum", {"StreamName": stream}
            )
        yield Figure("updaterAge", "AWS/Lambda", "IteratorAge", "Maximum", {"FunctionName": updater})
        yield Figure(
            "deliveryAge", "AWS/Firehose", "DeliveryToS3.DataFreshness", "Maximum", {"DeliveryStreamName": delivery}
        )

    def _scaling_figures(self) -> Iterator[Figure]:
        """Of a shop that stands behind no load balancer there are none."""
        here = self._settings
        if here.autoscaling_group:
            group = {"AutoScalingGroupName": here.autoscaling_group}
            yield Figure("desired", "AWS/AutoScaling", "GroupDesiredCapacity", "Maximum", group)
            yield Figure("inService", "AWS/AutoScaling", "GroupInServiceInstances", "Maximum", group)
        if here.load_balancer and here.target_group:
            balancer = {"LoadBalancer": here.load_balancer}
            targets = balancer | {"TargetGroup": here.target_group}
            yield Figure("requests", "AWS/ApplicationELB", "RequestCount", "Sum", balancer)
            yield Figure("requestsPerTarget", "AWS/ApplicationELB", "RequestCountPerTarget", "Sum", targets)
            yield Figure("slowest", "AWS/ApplicationELB", "TargetResponseTime", "p99", targets)
