"""The lake's freshness and quality reach CloudWatch; without CloudWatch a run goes on and says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from batch_etl.stages.metrics import NAMESPACE, LakeMetrics
from botocore.stub import Stubber


def test_counts_are_found_under_the_projects_name(mocked_aws):
    cloudwatch = mocked_aws.client("cloudwatch")
    LakeMetrics(cloudwatch, "shop").put({"RowsPublished": 120, "RowsQuarantined": 3})
    now = datetime.now(UTC)
    found = {
        name: cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE, MetricName=name, Dimensions=[{"Name": "Project", "Value": "shop"}],
            StartTime=now - timedelta(minutes=5), EndTime=now + timedelta(minutes=5), Period=600, Statistics=["Sum"],
        )["Datapoints"][0]["Sum"]
        for name in ("RowsPublished", "RowsQuarantined")
    }  # fmt: skip
    assert found == {"RowsPublished": 120, "RowsQuarantined": 3}


def test_a_run_goes_on_without_cloudwatch_and_says_so(mocked_aws, capsys):
    cloudwatch = mocked_aws.client("cloudwatch")
    with Stubber(cloudwatch) as refusing:
        refusing.add_client_error("put_metric_data", "AccessDenied", "no rights")
        LakeMetrics(cloudwatch, "shop").put({"ChecksFailed": 0})
    assert "no metrics of ChecksFailed in CloudWatch" in capsys.readouterr().out
