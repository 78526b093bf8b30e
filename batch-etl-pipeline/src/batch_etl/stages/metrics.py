"""What a run says of the lake in CloudWatch: how fresh it is, and how good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NAMESPACE = "Retail/Lake"
"""Dimension Project. RowsPublished and RowsQuarantined at each publication, ChecksFailed at each audit."""


@dataclass(frozen=True)
class LakeMetrics:
    """Counts under the project's name."""

    cloudwatch: CloudWatchClient
    project: str

    def put(self, counts: Mapping[str, int]) -> None:
        """A lake that cannot be measured is a lake all the same: then the run's output says so, and the run goes on."""
        dimensions = [{"Name": "Project", "Value": self.project}]
        try:
            self.cloudwatch.put_metric_data(
                Namespace=NAMESPACE,
                MetricData=[
                    {"MetricName": name, "Dimensions": dimensions, "Value": count, "Unit": "Count"}  # type: ignore[typeddict-item]
                    for name, count in counts.items()
                ],
            )
        except (BotoCoreError, ClientError) as problem:
            print(f"no metrics of {', '.join(counts)} in CloudWatch: {problem}", flush=True)
