"""State machines on local AWS start real work, wait for it, and end as it ends."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.local_aws

BUCKET = "states-tests"
ROLE = "arn:aws:iam::000000000000:role/states-tests"
GLUE_SYNC = "arn:aws:states:::glue:startJobRun.sync"


class Machines:
    """Makes state machines and follows their executions."""

    def __init__(self, aws: Any) -> None:
        self.aws, self.states, self.glue = aws, aws.client("stepfunctions"), aws.client("glue")

    def make(self, name: str, definition: dict[str, Any]) -> str:
        made = self.states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        return str(made["stateMachineArn"])

    def job(self, name: str, script: str) -> str:
        self.aws.client("s3").put_object(Bucket=BUCKET, Key=f"{name}.py", Body=script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/{name}.py"}
        self.glue.create_job(Name=name, Role=ROLE, Command=command, WorkerType="G.1X", NumberOfWorkers=2)
        return name

    def start(self, arn: str, given: Any = None) -> str:
        return str(self.states.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))["executionArn"])

    def end(self, execution: str, seconds: float = 120) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while (found := self.states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < deadline, "the execution is still running"
            time.sleep(0.2)
        return dict(found)

    def run(self, definition: dict[str, Any], given: Any = None) -> dict[str, Any]:
        return self.end(self.start(self.make(f"m-{time.monotonic_ns()}", definition), given))

    def result(self, definition: dict[str, Any], given: Any = None) -> Any:
        ended = self.run(definition, given)
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])


@pytest.fixture(scope="module")
def machines(local_aws) -> Machines:
    local_aws.client("s3").create_bucket(Bucket=BUCKET)
    services = [f"{name}.amazonaws.com" for name in ("glue", "states", "scheduler", "lambda")]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    local_aws.client("iam").create_role(RoleName="states-tests", AssumeRolePolicyDocument=policy)
    return Machines(local_aws)


def one(state: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A machine of one state (and those it goes to)."""
    last = {} if "Next" in state or state["Type"] in ("Fail", "Choice") else {"End": True}
    return {"StartAt": "First", "States": {"First": state | last, **others}}


def glue_task(job: str, **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": GLUE_SYNC, "Parameters": {"JobName": job, **more}}


def test_a_job_is_run_to_its_end_with_the_executions_name(machines):
    job = machines.job("states-good", "import sys; print(sys.argv)")
    task = glue_task(job, Arguments={"--run_id.$": "$$.Execution.Name"}) | {"ResultPath": "$.job"}
    output = machines.result(one(task), {"kept": 1})
    run = output["job"]
    assert (output["kept"], run["JobRunState"], run["JobName"]) == (1, "SUCCEEDED", job)
    assert isinstance(run["StartedOn"], int)
    real = machines.glue.get_job_run(JobName=job, RunId=run["Id"])["JobRun"]
    assert real["Arguments"]["--run_id"] == run["Arguments"]["--run_id"]


def test_a_failed_job_is_caught_with_its_run_as_the_cause(machines):
    job = machines.job("states-bad", "raise ValueError('no rows')")
    caught = {"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.failure", "Next": "Told"}
    definition = one(glue_task(job) | {"Catch": [caught], "Next": "Told"}, Told={"Type": "Pass", "End": True})
    failure = machines.result(definition)["failure"]
    assert failure["Error"] == "States.TaskFailed"
    assert json.loads(failure["Cause"])["ErrorMessage"] == "ValueError: no rows"


def test_a_failed_job_without_a_catch_fails_the_execution(machines):
    ended = machines.run(one(glue_task("no-such-job")))
    assert (ended["status"], ended["error"]) == ("FAILED", "Glue.EntityNotFoundException")


def test_stopping_an_execution_stops_its_job(machines):
    job = machines.job("states-long", "import time; time.sleep(60)")
    execution = machines.start(machines.make("stopped", one(glue_task(job))))
    run = wait_for(lambda: machines.glue.get_job_runs(JobName=job)["JobRuns"])[0]
    machines.states.stop_execution(executionArn=execution, error="Enough", cause="said the test")
    wait_for(lambda: machines.glue.get_job_run(JobName=job, RunId=run["Id"])["JobRun"]["JobRunState"] == "STOPPED")
    assert machines.end(execution)["status"] == "ABORTED"


def wait_for(condition: Any, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.3)
    return found


def test_a_message_with_counts_arrives(machines, local_aws):
    sns, sqs = local_aws.client("sns"), local_aws.client("sqs")
    topic = sns.create_topic(Name="states-tests")["TopicArn"]
    url = sqs.create_queue(QueueName="states-tests")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    local_aws.client("s3").put_object(Bucket=BUCKET, Key="runs/r/report.json", Body=b'{"counts": {"read": 2996}}')
    read = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": BUCKET, "Key.$": "States.Format('runs/{}/report.json', $.run)"},
        "ResultSelector": {"report.$": "States.StringToJson($.Body)"},
        "ResultPath": "$.result",
        "Next": "Tell",
    }
    text = "States.Format('Run {}: {}', $.run, States.JsonToString($.result.report.counts))"
    tell = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": topic, "Subject": "retail", "Message.$": text},
        "End": True,
    }
    assert "MessageId" in machines.result(one(read, Tell=tell), {"run": "r"})
    body = json.loads(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"])
    assert body["Message"] == 'Run r: {"read":2996}'


def test_a_function_is_invoked_and_its_error_caught_by_its_type(machines, local_aws):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 10 // event['by']")
    functions = local_aws.client("lambda")
    functions.create_function(
        FunctionName="states-divides",
        Role=ROLE,
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="states-divides")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "states-divides", "Payload.$": "$"},
        "ResultSelector": {"value.$": "$.Payload"},
        "Catch": [{"ErrorEquals": ["ZeroDivisionError"], "Next": "Told"}],
        "Next": "Told",
    }
    definition = one(task, Told={"Type": "Pass", "End": True})
    assert machines.result(definition, {"by": 5}) == {"value": 2}
    assert machines.result(definition, {"by": 0})["Error"] == "ZeroDivisionError"


def test_a_query_is_run_to_its_end_and_its_rows_read(machines):
    query = {
        "Type": "Task",
        "Resource": "arn:aws:states:::athena:startQueryExecution.sync",
        "Parameters": {
            "QueryString": "SELECT 6 * 7 AS answer",
            "WorkGroup": "primary",
            "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/athena/"},
        },
        "Next": "Read",
    }
    read = {
        "Type": "Task",
        "Resource": "arn:aws:states:::athena:getQueryResults",
        "Parameters": {"QueryExecutionId.$": "$.QueryExecution.QueryExecutionId"},
        "ResultSelector": {"answer.$": "$.ResultSet.Rows[1].Data[0].VarCharValue"},
        "End": True,
    }
    assert machines.result(one(query, Read=read)) == {"answer": "42"}


def test_a_token_that_is_not_heard_of_times_out(machines, local_aws):
    url = local_aws.client("sqs").create_queue(QueueName="states-tokens")["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
        "HeartbeatSeconds": 1,
    }
    ended = machines.run(one(task))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.HeartbeatTimeout")


def test_a_missing_report_is_caught_by_name(machines):
    read = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": BUCKET, "Key": "nothing/here.json"},
        "Catch": [{"ErrorEquals": ["S3.NoSuchKeyException"], "Next": "Told"}],
        "Next": "Told",
    }
    assert machines.result(one(read, Told={"Type": "Pass", "End": True}))["Error"] == "S3.NoSuchKeyException"


def test_a_task_that_takes_too_long_times_out_and_is_tried_again(machines):
    job = machines.job("states-slow", "import time; time.sleep(30)")
    retry = {"ErrorEquals": ["Glue.ConcurrentRunsExceededException"], "MaxAttempts": 0}
    caught = {"ErrorEquals": ["States.Timeout"], "Next": "Told"}
    task = glue_task(job) | {"TimeoutSeconds": 2, "Retry": [retry], "Catch": [caught], "Next": "Told"}
    assert machines.result(one(task, Told={"Type": "Pass", "End": True}))["Error"] == "States.Timeout"
    left = [run["Id"] for run in machines.glue.get_job_runs(JobName=job)["JobRuns"]]
    machines.glue.batch_stop_job_run(JobName=job, JobRunIds=left)


def test_a_whole_execution_has_a_time_out(machines, local_aws):
    ended = machines.run(one({"Type": "Wait", "Seconds": 20}) | {"TimeoutSeconds": 2})
    assert ended["status"] == "TIMED_OUT"
    assert "error" not in ended


def test_a_path_to_nowhere_fails_the_execution_even_past_a_catch_all(machines):
    catch = {"ErrorEquals": ["States.ALL"], "Next": "Told"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"Message.$": "$.missing"}}
    ended = machines.run(one(task | {"Catch": [catch], "Next": "Told"}, Told={"Type": "Pass", "End": True}))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "'$.missing' specified for the field 'Message.$' could not be found" in ended["cause"]


def test_parallel_map_and_choice(machines):
    twice = {"Type": "Pass", "Parameters": {"twice.$": "States.MathAdd($.n, $.n)"}, "End": True}
    many = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {"n.$": "$$.Map.Item.Value"},
        "ItemProcessor": {"StartAt": "Double", "States": {"Double": twice}},
        "ResultPath": "$.doubled",
        "Next": "Both",
    }
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Pass", "Result": name, "End": True}}} for name in ("a", "b")
    ]
    both = {"Type": "Parallel", "Branches": branches, "ResultPath": "$.both", "Next": "Which"}
    rule = {"Variable": "$.doubled[1].twice", "NumericEquals": 4, "Next": "Yes"}
    which = {"Type": "Choice", "Choices": [rule], "Default": "No"}
    definition = one(many, Both=both, Which=which, Yes={"Type": "Succeed"}, No={"Type": "Fail", "Error": "Wrong"})
    output = machines.result(definition, {"items": [1, 2]})
    assert (output["doubled"], output["both"]) == ([{"twice": 2}, {"twice": 4}], ["a", "b"])


def test_a_failing_branch_stops_the_job_of_the_other(machines):
    job = machines.job("states-beside", "import time; time.sleep(60)")
    slow = {"StartAt": "Job", "States": {"Job": glue_task(job) | {"End": True}}}
    wait = {"Type": "Wait", "Seconds": 2, "Next": "Fail"}
    failing = {"StartAt": "Wait", "States": {"Wait": wait, "Fail": {"Type": "Fail", "Error": "Broken", "Cause": "c"}}}
    ended = machines.run(one({"Type": "Parallel", "Branches": [slow, failing]}))
    assert (ended["status"], ended["error"]) == ("FAILED", "Broken")
    wait_for(lambda: machines.glue.get_job_runs(JobName=job)["JobRuns"][0]["JobRunState"] == "STOPPED")


def test_jsonata(machines):
    definition = one({
        "Type": "Parallel",
        "Arguments": {"n": "{% $states.input.n + 1 %}"},
        "Branches": [{"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}],
        "Output": {"sum": "{% $sum($states.result.n) %}"},
    })  # fmt: skip
    assert machines.result(definition | {"QueryLanguage": "JSONata"}, {"n": 41}) == {"sum": 42}


def test_executions_are_counted_for_alarms(machines, local_aws):
    arn = machines.make("counted", one({"Type": "Fail", "Error": "E", "Cause": "c"}))
    machines.end(machines.start(arn))
    now = datetime.now(UTC)
    found = local_aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/States",
        MetricName="ExecutionsFailed",
        Dimensions=[{"Name": "StateMachineArn", "Value": arn}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in found["Datapoints"]) == 1


def test_history_is_logged_as_the_machine_says(machines, local_aws):
    logs = local_aws.client("logs")
    logs.create_log_group(logGroupName="/aws/vendedlogs/states/tests")
    group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/states/tests:*"
    made = machines.states.create_state_machine(
        name="logged",
        definition=json.dumps(one({"Type": "Fail", "Error": "E", "Cause": "c"})),
        roleArn=ROLE,
        loggingConfiguration={
            "level": "ERROR",
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
        },
    )
    machines.end(machines.start(made["stateMachineArn"]))
    found = wait_for(lambda: logs.filter_log_events(logGroupName="/aws/vendedlogs/states/tests")["events"])
    assert [json.loads(event["message"])["type"] for event in found] == ["FailStateEntered", "ExecutionFailed"]


def test_a_schedule_fires_in_its_time_zone(machines, local_aws):
    arn = machines.make("scheduled", one({"Type": "Pass"}))
    there = (datetime.now(ZoneInfo("Asia/Kolkata")) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%S")
    scheduler = local_aws.client("scheduler")
    for name, zone in (("there", "Asia/Kolkata"), ("elsewhere", "America/Lima")):
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=f"at({there})",
            ScheduleExpressionTimezone=zone,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": ROLE, "Input": json.dumps({"by": name})},
        )
    started = wait_for(lambda: machines.states.list_executions(stateMachineArn=arn)["executions"])
    inputs = [machines.states.describe_execution(executionArn=run["executionArn"])["input"] for run in started]
    assert [json.loads(given) for given in inputs] == [{"by": "there"}]


def test_an_execution_that_the_gateway_took_down_has_failed(machines, local_aws):
    execution = machines.start(machines.make("interrupted", one({"Type": "Wait", "Seconds": 600})))
    local_aws.kill_gateway()
    ended = machines.states.describe_execution(executionArn=execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.ServiceRestart")
