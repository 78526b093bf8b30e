"""Glue triggers and workflows on local AWS: one job's end starts the next one, and what did not run did not succeed."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws

BUCKET, ROLE = "flows", "flows"

# Each job adds its name to what the job before it has left at --from, and leaves the whole at its own place.
STEP = """
import json, sys, time
import boto3
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
s3, glue = boto3.client("s3"), boto3.client("glue")
properties = {}
if "--WORKFLOW_RUN_ID" in given:
    properties = glue.get_workflow_run_properties(
        Name=given["--WORKFLOW_NAME"], RunId=given["--WORKFLOW_RUN_ID"]
    )["RunProperties"]
before = []
if "--from" in given:
    before = json.loads(s3.get_object(Bucket="flows", Key="left/" + given["--from"])["Body"].read())["path"]
time.sleep(float(properties.get("sleep", given.get("--sleep", "0"))))
if properties.get("fails") == given["--JOB_NAME"]:
    raise ValueError("told to fail")
left = {"path": [*before, given["--JOB_NAME"]], "properties": properties, "run": given.get("--WORKFLOW_RUN_ID")}
s3.put_object(Bucket="flows", Key="left/" + given["--JOB_NAME"], Body=json.dumps(left))
"""


def eventually(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)
    return value


class Flows:
    """Makes jobs, triggers and workflows, and sees what their runs have left."""

    def __init__(self, aws: Any) -> None:
        self.aws, self.glue, self.s3 = aws, aws.client("glue"), aws.client("s3")

    def job(self, name: str, **arguments: str) -> str:
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/step.py"}
        size = {"GlueVersion": "5.1", "WorkerType": "G.1X", "NumberOfWorkers": 2}
        given = {f"--{key.rstrip('_')}": value for key, value in arguments.items()}
        self.glue.create_job(Name=name, Role=ROLE, Command=command, DefaultArguments=given, **size)
        return name

    def workflow(self, name: str, start: dict[str, Any], *follow: dict[str, Any], **more: Any) -> str:
        self.glue.create_workflow(Name=name, **more)
        for number, trigger in enumerate((start, *follow)):
            self.glue.create_trigger(Name=f"{name}-{number}", WorkflowName=name, **trigger)
        return name

    def start(self, name: str, **properties: str) -> str:
        return str(self.glue.start_workflow_run(Name=name, RunProperties=properties)["RunId"])

    def look(self, name: str, run_id: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.glue.get_workflow_run(Name=name, RunId=run_id, **more)["Run"]
        return found

    def end(self, name: str, run_id: str) -> dict[str, Any]:
        eventually(lambda: self.look(name, run_id)["Status"] not in ("RUNNING", "STOPPING"))
        return self.look(name, run_id)

    def left(self, job: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self.s3.get_object(Bucket=BUCKET, Key=f"left/{job}")["Body"].read())
        except self.s3.exceptions.NoSuchKey:
            return None
        return found

    def runs(self, job: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.glue.get_job_runs(JobName=job)["JobRuns"]
        return found


def by_hand(*jobs: str) -> dict[str, Any]:
    return {"Type": "ON_DEMAND", "Actions": [{"JobName": job} for job in jobs]}


def after(job: str, *following: str, state: str = "SUCCEEDED") -> dict[str, Any]:
    condition = {"LogicalOperator": "EQUALS", "JobName": job, "State": state}
    actions = [{"JobName": name} for name in following]
    return {
        "Type": "CONDITIONAL",
        "StartOnCreation": True,
        "Predicate": {"Conditions": [condition]},
        "Actions": actions,
    }


def soon() -> str:
    """A cron expression of the next full minute but for a few seconds, in which a new schedule is noticed."""
    due = datetime.now(UTC) + timedelta(seconds=65)
    return f"cron({due.minute} {due.hour} * * ? *)"


@pytest.fixture(scope="module")
def flows(local_aws) -> Flows:
    made = Flows(local_aws)
    made.s3.create_bucket(Bucket=BUCKET)
    made.s3.put_object(Bucket=BUCKET, Key="step.py", Body=STEP.encode())
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    local_aws.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=policy)
    return made


@pytest.fixture(scope="module")
def scheduled(flows) -> str:
    """A workflow that is to run at the next full minute: made first, looked at last."""
    flows.job("ticked")
    start = {"Type": "SCHEDULED", "Schedule": soon(), "StartOnCreation": True, "Actions": [{"JobName": "ticked"}]}
    return flows.workflow("scheduled", start)


@pytest.fixture(scope="module")
def medallion(flows) -> str:
    """bronze → silver → gold."""
    flows.job("bronze")
    flows.job("silver", from_="bronze")
    flows.job("gold", from_="silver")
    follow = (after("bronze", "silver"), after("silver", "gold"))
    return flows.workflow("medallion", by_hand("bronze"), *follow, DefaultRunProperties={"team": "data"})


@pytest.mark.usefixtures("scheduled")
def test_a_chain_runs_to_its_end_and_each_job_has_what_the_one_before_left(flows, medallion):
    run_id = flows.start(medallion, day="2026-01-01")
    run = flows.end(medallion, run_id)
    assert run["Status"] == "COMPLETED"
    left = flows.left("gold")
    assert left == {
        "path": ["bronze", "silver", "gold"], "properties": {"team": "data", "day": "2026-01-01"}, "run": run_id,
    }  # fmt: skip
    counts = {name: count for name, count in run["Statistics"].items() if count}
    assert counts == {"TotalActions": 3, "SucceededActions": 3}
    (silver,) = flows.runs("silver")
    (bronze,) = flows.runs("bronze")
    assert silver["TriggerName"] == "medallion-1"
    assert silver["PredecessorRuns"] == [{"JobName": "bronze", "RunId": bronze["Id"]}]
    assert silver["Arguments"] == {"--WORKFLOW_NAME": medallion, "--WORKFLOW_RUN_ID": run_id}
    assert bronze["CompletedOn"] <= silver["StartedOn"]


def test_after_a_failure_nothing_follows_and_a_resumed_run_goes_on_from_there(flows, medallion):
    flows.s3.delete_object(Bucket=BUCKET, Key="left/gold")
    run = flows.end(medallion, run_id := flows.start(medallion, fails="silver"))
    assert run["Status"] == "COMPLETED"
    counts = {name: count for name, count in run["Statistics"].items() if count}
    assert counts == {"TotalActions": 3, "SucceededActions": 1, "FailedActions": 1}
    assert flows.left("gold") is None
    nodes = flows.look(medallion, run_id, IncludeGraph=True)["Graph"]["Nodes"]
    found = {node["Name"]: node for node in nodes if node["Type"] == "JOB"}
    assert found["silver"]["JobDetails"]["JobRuns"][0]["ErrorMessage"] == "ValueError: told to fail"
    assert "JobDetails" not in found["gold"]

    flows.glue.put_workflow_run_properties(Name=medallion, RunId=run_id, RunProperties={"fails": "nobody"})
    bronze = len(flows.runs("bronze"))
    resumed = flows.glue.resume_workflow_run(Name=medallion, RunId=run_id, NodeIds=[found["silver"]["UniqueId"]])
    again = flows.end(medallion, resumed["RunId"])
    assert (again["PreviousRunId"], again["Statistics"]["SucceededActions"]) == (run_id, 3)
    assert flows.left("gold")["path"] == ["bronze", "silver", "gold"]
    assert len(flows.runs("bronze")) == bronze
    listed = flows.glue.get_workflow_runs(Name=medallion)["Runs"]
    assert [one["WorkflowRunId"] for one in listed[:2]] == [resumed["RunId"], run_id]


def test_a_crawler_is_a_step_of_a_workflow(flows, local_aws):
    flows.job("lands")
    flows.job("reads", from_="lands")
    flows.glue.create_database(DatabaseInput={"Name": "flows"})
    targets = {"S3Targets": [{"Path": f"s3://{BUCKET}/left/", "Exclusions": ["[!l]*"]}]}
    flows.glue.create_crawler(Name="catalogues", Role=ROLE, DatabaseName="flows", Targets=targets)
    crawl = after("lands") | {"Actions": [{"CrawlerName": "catalogues"}]}
    crawled = {"LogicalOperator": "EQUALS", "CrawlerName": "catalogues", "CrawlState": "SUCCEEDED"}
    read = after("lands", "reads") | {"Predicate": {"Conditions": [crawled]}}
    run = flows.end("feed", flows.start(flows.workflow("feed", by_hand("lands"), crawl, read)))
    assert run["Statistics"]["SucceededActions"] == 3
    assert flows.left("reads")["path"] == ["lands", "reads"]
    table = flows.glue.get_table(DatabaseName="flows", Name="left")["Table"]
    assert {column["Name"] for column in table["StorageDescriptor"]["Columns"]} >= {"path", "run"}


def test_outside_of_workflows_triggers_watch_what_triggers_started(flows):
    flows.job("first")
    flows.job("second", from_="first")
    flows.job("regrets")
    flows.glue.create_trigger(Name="begins", **by_hand("first"))
    flows.glue.create_trigger(Name="follows", **after("first", "second"))
    flows.glue.create_trigger(Name="mourns", **after("first", "regrets", state="FAILED"))
    alone = flows.glue.start_job_run(JobName="first")["JobRunId"]
    eventually(lambda: flows.glue.get_job_run(JobName="first", RunId=alone)["JobRun"]["JobRunState"] == "SUCCEEDED")
    flows.glue.start_trigger(Name="begins")
    eventually(lambda: flows.left("second"))
    assert len(flows.runs("second")) == 1
    assert "Arguments" not in flows.runs("second")[0]
    assert flows.runs("regrets") == []
    assert flows.glue.get_trigger(Name="begins")["Trigger"]["State"] == "CREATED"


def test_events_start_a_workflow_in_batches(flows, local_aws):
    events = local_aws.client("events")
    name = flows.workflow(
        "reacts",
        {"Type": "EVENT", "EventBatchingCondition": {"BatchSize": 2}, "Actions": [{"JobName": flows.job("reacted")}]},
    )
    events.put_rule(Name="reacts", EventPattern=json.dumps({"source": ["flows.test"]}))
    arn = f"arn:aws:glue:us-east-1:000000000000:workflow/{name}"
    role = f"arn:aws:iam::000000000000:role/{ROLE}"
    events.put_targets(Rule="reacts", Targets=[{"Id": "workflow", "Arn": arn, "RoleArn": role}])
    entry = {"Source": "flows.test", "DetailType": "arrived", "Detail": "{}"}
    sent = [one["EventId"] for one in events.put_events(Entries=[entry, entry, entry])["Entries"]]
    (run,) = eventually(lambda: flows.glue.get_workflow_runs(Name=name)["Runs"])
    assert run["StartingEventBatchCondition"] == {"BatchSize": 2}
    assert json.loads(run["WorkflowRunProperties"]["aws:eventIds"]) == sent[:2]
    assert flows.end(name, run["WorkflowRunId"])["Statistics"]["SucceededActions"] == 1
    assert flows.left("reacted")["run"] == run["WorkflowRunId"]


def test_runs_are_limited_and_stopped(flows):
    flows.job("sleeps", sleep="60")
    flows.job("never", from_="sleeps")
    name = flows.workflow("limited", by_hand("sleeps"), after("sleeps", "never", state="STOPPED"), MaxConcurrentRuns=1)
    run_id = flows.start(name)
    with pytest.raises(ClientError) as refused:
        flows.start(name)
    assert refused.value.response["Error"]["Code"] == "ConcurrentRunsExceededException"
    eventually(lambda: flows.runs("sleeps") and flows.runs("sleeps")[0]["JobRunState"] == "RUNNING")
    flows.glue.stop_workflow_run(Name=name, RunId=run_id)
    run = flows.end(name, run_id)
    assert (run["Status"], run["Statistics"]["StoppedActions"]) == ("STOPPED", 1)
    assert flows.runs("never") == []
    with pytest.raises(ClientError) as ended:
        flows.glue.stop_workflow_run(Name=name, RunId=run_id)
    assert ended.value.response["Error"]["Code"] == "IllegalWorkflowStateException"


def test_what_cannot_start_is_an_action_in_error(flows):
    flows.job("goes")
    name = flows.workflow("broken", by_hand("goes"))
    flows.glue.delete_job(JobName="goes")
    run_id = flows.start(name)
    run = flows.end(name, run_id)
    counts = {key: count for key, count in run["Statistics"].items() if count}
    assert counts == {"TotalActions": 1, "ErroredActions": 1}
    nodes = flows.look(name, run_id, IncludeGraph=True)["Graph"]["Nodes"]
    details = next(node["JobDetails"]["JobRuns"] for node in nodes if node["Type"] == "JOB")
    assert details[0]["ErrorMessage"] == "EntityNotFoundException: Job goes not found."


def test_a_workflow_run_outlives_the_gateway(flows, local_aws):
    flows.job("long", sleep="4")
    flows.job("then", from_="long")
    name = flows.workflow("outlives", by_hand("long"), after("long", "then"))
    run_id = flows.start(name)
    eventually(lambda: flows.runs("long") and flows.runs("long")[0]["JobRunState"] == "RUNNING")
    local_aws.kill_gateway()
    run = flows.end(name, run_id)
    assert (run["Status"], run["Statistics"]["SucceededActions"]) == ("COMPLETED", 2)
    assert flows.left("then")["path"] == ["long", "then"]
    assert (len(flows.runs("long")), len(flows.runs("then"))) == (1, 1)


def test_a_schedule_starts_its_workflow(flows, scheduled):
    (run,) = eventually(lambda: flows.glue.get_workflow_runs(Name=scheduled)["Runs"], seconds=90)
    assert flows.end(scheduled, run["WorkflowRunId"])["Statistics"]["SucceededActions"] == 1
    assert flows.left("ticked")["run"] == run["WorkflowRunId"]


def test_terraform_applies_a_workflow_and_then_plans_no_change(local_aws, tmp_path: Path):
    (tmp_path / "main.tf").write_text((Path(__file__).parent / "workflows.tf").read_text())
    environment = local_aws.env | {"TF_CLI_ARGS_init": "", "TF_IN_AUTOMATION": "1"}

    def terraform(*arguments: str) -> int:
        return subprocess.run(
            ["terraform", *arguments], cwd=tmp_path, env=os.environ | environment, check=False
        ).returncode

    assert terraform("init", "-input=false") == 0
    try:
        assert terraform("apply", "-auto-approve", "-input=false") == 0
        assert terraform("plan", "-detailed-exitcode", "-input=false") == 0
        changed = (tmp_path / "main.tf").read_text().replace("cron(15 * * * ? *)", "cron(45 * * * ? *)")
        (tmp_path / "main.tf").write_text(changed)
        assert terraform("apply", "-auto-approve", "-input=false", "-var", "enabled=false") == 0
        assert terraform("plan", "-detailed-exitcode", "-input=false", "-var", "enabled=false") == 0
        trigger = local_aws.client("glue").get_trigger(Name="workflows-test-hourly")["Trigger"]
        assert (trigger["State"], trigger["Schedule"]) == ("DEACTIVATED", "cron(45 * * * ? *)")
    finally:
        assert terraform("destroy", "-auto-approve", "-input=false") == 0
    assert local_aws.client("glue").list_workflows()["Workflows"].count("workflows-test") == 0
