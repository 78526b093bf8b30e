"""A job definition comes back as it was given, completed with Glue's defaults."""

from pathlib import Path

import pytest
from local_aws.services.glue_jobs import JobDefinitions, capacity, page
from local_aws.store import Table
from local_aws.wire import AwsError

COMMAND = {"Name": "glueetl", "ScriptLocation": "s3://artifacts/jobs/job.py"}
JOB = {"Name": "etl", "Role": "arn:aws:iam::000000000000:role/etl", "Command": COMMAND}


@pytest.fixture
def jobs(tmp_path: Path) -> JobDefinitions:
    return JobDefinitions(Table(tmp_path / "state.sqlite", "glue.jobs"))


def test_every_field_survives(jobs):
    given = JOB | {
        "ExecutionClass": "FLEX",
        "ExecutionProperty": {"MaxConcurrentRuns": 3},
        "NotificationProperty": {"NotifyDelayAfter": 5},
        "MaintenanceWindow": "Sun:10",
        "NonOverridableArguments": {"--lake": "b"},
        "SourceControlDetails": {"Provider": "GITHUB", "Repository": "r"},
        "JobRunQueuingEnabled": True,
        "WorkerType": "G.2X",
        "NumberOfWorkers": 3,
    }
    jobs.create(given)
    kept = jobs.get("etl")
    assert {key: kept[key] for key in given if key != "Command"} == {k: v for k, v in given.items() if k != "Command"}
    assert kept["Command"] == COMMAND | {"PythonVersion": "3"}
    assert kept["MaxCapacity"] == 6.0


def test_what_is_not_given_is_absent_or_glues_default(jobs):
    jobs.create(JOB)
    kept = jobs.get("etl")
    assert "ExecutionClass" not in kept
    assert (kept["Timeout"], kept["MaxRetries"], kept["ExecutionProperty"]) == (480, 0, {"MaxConcurrentRuns": 1})


def test_an_update_overwrites_the_whole_definition(jobs):
    jobs.create(JOB | {"Description": "old"})
    jobs.update("etl", {"Role": JOB["Role"], "Command": COMMAND, "Timeout": 10})
    assert "Description" not in jobs.get("etl")
    assert jobs.get("etl")["Timeout"] == 10


def test_the_same_definition_twice_is_one_job_and_another_is_refused(jobs):
    jobs.create(JOB)
    jobs.create(JOB)
    with pytest.raises(AwsError, match="IdempotentParameterMismatchException"):
        jobs.create(JOB | {"Timeout": 5})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Command": COMMAND | {"Name": "pythonshell"}}, "pythonshell is not emulated"),
        ({"Command": {"Name": "glueetl", "ScriptLocation": "/job.py"}}, "must be an S3 path"),
        ({"GlueVersion": "3.0"}, "3.0 is not emulated"),
        ({"WorkerType": "G.1X", "NumberOfWorkers": 1}, "at least 2"),
        ({"WorkerType": "G.1X", "NumberOfWorkers": 2, "MaxCapacity": 2.0}, "do not set Max Capacity"),
        ({"WorkerType": "XXL", "NumberOfWorkers": 2}, "XXL is not supported"),
    ],
)
def test_what_cannot_run_here_or_on_glue_is_refused_by_name(jobs, change, reason):
    with pytest.raises(AwsError, match=reason) as refused:
        jobs.create(JOB | change)
    assert refused.value.code == "InvalidInputException"


def test_an_unknown_job(jobs):
    with pytest.raises(AwsError, match="EntityNotFoundException: Job etl not found"):
        jobs.get("etl")


def test_without_workers_a_job_has_ten_dpu():
    assert capacity({})["MaxCapacity"] == 10.0


def test_pages_end():
    assert page([1, 2, 3], {"MaxResults": 2}) == ([1, 2], {"NextToken": "2"})
    assert page([1, 2, 3], {"MaxResults": 2, "NextToken": "2"}) == ([3], {})
