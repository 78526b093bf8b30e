"""Service integrations answer and fail as Step Functions' own do."""

import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber
from local_aws.services.stepfunctions import CURRENT, Integrations, Running, TaskFailed

RESOURCE = "arn:aws:states:::glue:startJobRun"


@pytest.fixture
def clients():
    names = ("glue", "athena", "sns")
    made = {name: boto3.client(name, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x") for name in names}
    stubs = {name: Stubber(client) for name, client in made.items()}
    for stub in stubs.values():
        stub.activate()
    return made, stubs


@pytest.fixture
def run(clients):
    integrations = Integrations(clients[0].__getitem__, sleep=lambda _: None).by_prefix()

    def call(resource, params):
        prefix = next(p for p in integrations if resource.startswith(p))
        return integrations[prefix](resource, params)

    return call


def job_run(state, **more):
    return {"JobRun": {"Id": "jr_1", "JobName": "etl", "JobRunState": state, **more}}


def test_a_job_is_followed_to_its_end_and_its_run_is_the_result(clients, run):
    stub = clients[1]["glue"]
    stub.add_response("start_job_run", {"JobRunId": "jr_1"}, {"JobName": "etl", "Arguments": {"--stages": "extract"}})
    stub.add_response("get_job_run", job_run("RUNNING"))
    stub.add_response("get_job_run", job_run("SUCCEEDED", StartedOn=datetime(2026, 1, 2, tzinfo=UTC)))
    result = run(RESOURCE + ".sync", {"JobName": "etl", "Arguments": {"--stages": "extract"}})
    assert result == {"Id": "jr_1", "JobName": "etl", "JobRunState": "SUCCEEDED", "StartedOn": 1767312000000}


def test_members_are_in_pascal_case_and_the_keys_of_a_map_as_they_are(clients, run):
    table = {"Name": "sales", "Parameters": {"metadata_location": "s3://lake/1.json", "table_type": "ICEBERG"}}
    clients[1]["glue"].add_response("get_table", {"Table": table})
    assert run("arn:aws:states:::aws-sdk:glue:getTable", {"DatabaseName": "d", "Name": "sales"}) == {"Table": table}


def test_without_sync_the_id_is_all(clients, run):
    clients[1]["glue"].add_response("start_job_run", {"JobRunId": "jr_1"})
    assert run(RESOURCE, {"JobName": "etl"}) == {"JobRunId": "jr_1"}


def test_a_failed_job_fails_the_task_with_its_run_as_the_cause(clients, run):
    stub = clients[1]["glue"]
    stub.add_response("start_job_run", {"JobRunId": "jr_1"})
    stub.add_response("get_job_run", job_run("FAILED", ErrorMessage="ValueError: no rows"))
    with pytest.raises(TaskFailed) as failed:
        run(RESOURCE + ".sync", {"JobName": "etl"})
    assert failed.value.error == "States.TaskFailed"
    assert json.loads(failed.value.cause)["ErrorMessage"] == "ValueError: no rows"


def test_a_refused_call_has_the_services_prefix(clients, run):
    clients[1]["glue"].add_client_error("start_job_run", "ConcurrentRunsExceededException", "busy")
    with pytest.raises(TaskFailed) as failed:
        run(RESOURCE + ".sync", {"JobName": "etl"})
    assert (failed.value.error, failed.value.cause) == ("Glue.ConcurrentRunsExceededException", "busy")


def test_a_stopped_execution_stops_its_job(clients, run):
    stub = clients[1]["glue"]
    stub.add_response("start_job_run", {"JobRunId": "jr_1"})
    stub.add_response("get_job_run", job_run("RUNNING"))
    stopped = {"SuccessfulSubmissions": [], "Errors": []}
    stub.add_response("batch_stop_job_run", stopped, {"JobName": "etl", "JobRunIds": ["jr_1"]})
    token = CURRENT.set(Running({"status": "ABORTED"}, {}))
    try:
        with pytest.raises(TaskFailed, match="ended before its task"):
            run(RESOURCE + ".sync", {"JobName": "etl"})
    finally:
        CURRENT.reset(token)
    stub.assert_no_pending_responses()


def test_a_message_that_is_no_text_is_sent_as_json(clients, run):
    clients[1]["sns"].add_response(
        "publish", {"MessageId": "m"}, {"TopicArn": "arn:t", "Message": '{"rows":2996}', "Subject": "done"}
    )
    params = {"TopicArn": "arn:t", "Message": {"rows": 2996}, "Subject": "done"}
    assert run("arn:aws:states:::sns:publish", params) == {"MessageId": "m"}


def test_a_query_is_followed_to_its_end(clients, run):
    stub = clients[1]["athena"]
    stub.add_response("start_query_execution", {"QueryExecutionId": "q"})
    stub.add_response("get_query_execution", {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}})
    result = run("arn:aws:states:::athena:startQueryExecution.sync", {"QueryString": "SELECT 1"})
    assert result == {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}}


def test_sdk_integrations_of_our_services_go_through_the_gateway(clients, run):
    clients[1]["glue"].add_response("get_job_run", job_run("RUNNING"), {"JobName": "etl", "RunId": "jr_1"})
    result = run("arn:aws:states:::aws-sdk:glue:getJobRun", {"JobName": "etl", "RunId": "jr_1"})
    assert result["JobRun"]["JobRunState"] == "RUNNING"
