"""retail-nightly for real: four stages on Glue, one publication, and a message that people get."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from batch_etl.analytics.athena import ask
from source_database.addresses import find_source
from support import LocalAws

pytestmark = pytest.mark.local_aws
DEADLINE_SECONDS = 900


@dataclass
class Inbox:
    """A queue that is subscribed to retail-alerts, as an operator's chat would be."""

    sqs: Any
    url: str

    def message_with(self, text: str, seconds: float = 30) -> dict[str, str]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for received in self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=1).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=received["ReceiptHandle"])
                notification: dict[str, str] = json.loads(received["Body"])
                if text in notification["Message"]:
                    return notification
        raise AssertionError(f"no message about {text} reached retail-alerts within {seconds:.0f} s")


@pytest.fixture
def inbox(loaded: LocalAws) -> Iterator[Inbox]:
    sqs, sns = loaded.client("sqs"), loaded.client("sns")
    topic = loaded.client("ssm").get_parameter(Name="/retail/alerts/topic_arn")["Parameter"]["Value"]
    url = sqs.create_queue(QueueName="nightly-test")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    yield Inbox(sqs, url)
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


def run_nightly(aws: LocalAws, name: str) -> dict[str, Any]:
    states = aws.client("stepfunctions")
    machines = states.list_state_machines()["stateMachines"]
    machine = next(found["stateMachineArn"] for found in machines if found["name"] == "retail-nightly")
    arn = states.start_execution(stateMachineArn=machine, name=name, input="{}")["executionArn"]
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        execution: dict[str, Any] = states.describe_execution(executionArn=arn)
        if execution["status"] != "RUNNING":
            return execution
        time.sleep(1)
    raise AssertionError(f"{name} did not end within {DEADLINE_SECONDS} s")


def source_sql(aws: LocalAws, sql: str) -> list[tuple[Any, ...]]:
    """Run a statement in the source as its administrator; returns the rows."""
    source = find_source(environment=aws.env, aws=aws.client)
    with source.connect("classicmodels") as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def published_runs(aws: LocalAws) -> list[str]:
    sql = "SELECT runId FROM retail_gold.publications ORDER BY publishedAt"
    return [row[0] for row in ask(aws.client("athena"), sql, workgroup="retail-analytics").rows]


def test_four_stages_publish_one_run_and_the_counts_reach_the_alerts(loaded: LocalAws, inbox: Inbox) -> None:
    execution = run_nightly(loaded, "nightly-whole")

    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    runs = loaded.client("glue").get_job_runs(JobName="retail-etl-job")["JobRuns"]
    stages = [
        run["Arguments"]["--stages"] for run in runs if run.get("Arguments", {}).get("--run_id") == "nightly-whole"
    ]
    assert sorted(stages) == ["audit", "build", "extract", "publish"]
    assert published_runs(loaded)[-1] == "nightly-whole"
    order_lines = source_sql(loaded, "SELECT COUNT(*) FROM orderdetails")[0][0]
    message = inbox.message_with("nightly-whole")
    counts = json.loads(message["Message"].partition("Counts: ")[2])
    assert "published" in message["Subject"]
    assert counts["read"] > order_lines
    assert counts["quarantined"] == 0


def test_a_source_without_a_table_fails_the_night_says_so_and_publishes_nothing(loaded: LocalAws, inbox: Inbox) -> None:
    before = published_runs(loaded)
    source_sql(loaded, "RENAME TABLE payments TO payments_elsewhere")
    try:
        execution = run_nightly(loaded, "nightly-broken")
    finally:
        source_sql(loaded, "RENAME TABLE payments_elsewhere TO payments")

    assert execution["status"] == "FAILED"
    message = inbox.message_with("nightly-broken")
    assert "FAILED" in message["Subject"]
    assert "payments" in message["Message"]
    assert published_runs(loaded) == before
