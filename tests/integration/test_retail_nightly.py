"""retail-nightly for real: four stages on Glue, one publication, and a message that people get."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from alerts_inbox import Inbox, alerts_inbox
from batch_etl.analytics.athena import ask
from nightly_world import RUN, Night
from support import LocalAws

pytestmark = pytest.mark.local_aws


@pytest.fixture
def inbox(applied: LocalAws) -> Iterator[Inbox]:
    with alerts_inbox(applied, "nightly-test") as subscribed:
        yield subscribed


def published_runs(aws: LocalAws) -> list[str]:
    sql = "SELECT runId FROM retail_gold.publications ORDER BY publishedAt"
    return [row[0] for row in ask(aws.client("athena"), sql, workgroup="retail-analytics").rows]


def test_four_stages_publish_one_run_and_the_counts_reach_the_alerts(applied: LocalAws, night: Night) -> None:
    runs = applied.client("glue").get_job_runs(JobName="retail-etl-job")["JobRuns"]
    stages = [run["Arguments"]["--stages"] for run in runs if run.get("Arguments", {}).get("--run_id") == RUN]
    assert sorted(stages) == ["audit", "build", "extract", "publish"]
    assert RUN in published_runs(applied)
    order_lines = applied.source_sql("SELECT COUNT(*) FROM orderdetails")[0][0]
    counts = json.loads(night.alert["Message"].partition("Counts: ")[2])
    assert "published" in night.alert["Subject"]
    assert counts["read"] > order_lines
    assert counts["quarantined"] == 0


def test_a_source_without_a_table_fails_the_night_and_publishes_nothing(applied: LocalAws, inbox: Inbox) -> None:
    before = published_runs(applied)
    applied.source_sql("RENAME TABLE payments TO payments_elsewhere")
    try:
        execution = applied.run_state_machine("retail-nightly", "nightly-broken")
    finally:
        applied.source_sql("RENAME TABLE payments_elsewhere TO payments")

    assert execution["status"] == "FAILED"
    message = inbox.message_with("nightly-broken")
    assert "FAILED" in message["Subject"]
    assert "payments" in message["Message"]
    assert published_runs(applied) == before
