"""A run that cannot begin says why, leaves its report, and does not wait for Spark."""

from __future__ import annotations

import json

import certifi
import pytest
from batch_etl.errors import LockHeld, RunStateMissing, SourceUnreachable
from batch_etl.options import EtlOptions
from batch_etl.stages.context import AwsClients, Run
from batch_etl.stages.runner import run_stages

ARGUMENTS = {
    "project": "retail",
    "lake_bucket": "lake",
    "source_host": "127.0.0.1",
    "source_port": "1",
    "source_database": "classicmodels",
    "source_secret_arn": "source",
    "source_ca": "s3://lake/ca.pem",
    "publish_lock_table": "locks",
    "run_id": "this",
}


@pytest.fixture
def aws(mocked_aws):
    clients = AwsClients(*(mocked_aws.client(name) for name in ("s3", "dynamodb", "secretsmanager", "cloudwatch")))
    clients.s3.create_bucket(Bucket="lake")
    clients.s3.upload_file(certifi.where(), "lake", "ca.pem")
    clients.secrets.create_secret(Name="source", SecretString=json.dumps({"username": "u", "password": "p"}))
    return clients


def no_spark():
    raise AssertionError("nothing here needs Spark")


def run_of(aws, **more):
    given = [text for name, value in (ARGUMENTS | more).items() for text in (f"--{name}", value)]
    return Run(EtlOptions.from_argv(["job", *given]), no_spark, aws)


def report(aws):
    return json.loads(aws.s3.get_object(Bucket="lake", Key="runs/this/report.json")["Body"].read())


def test_a_source_that_is_down_is_told_before_spark_starts(aws):
    with pytest.raises(SourceUnreachable, match=r"127\.0\.0\.1:1"):
        run_stages(run_of(aws))
    assert report(aws)["status"] == "FAILED"
    assert "127.0.0.1:1" in report(aws)["reasons"][0]


def test_another_run_at_work_is_told_before_spark_starts(aws):
    with run_of(aws, run_id="other").run_lock.held(), pytest.raises(LockHeld, match="is held by other"):
        run_stages(run_of(aws))


def test_a_stage_too_early_is_told_before_spark_starts(aws):
    with pytest.raises(RunStateMissing, match="'extract' of run 'this' has not succeeded"):
        run_stages(run_of(aws, stages="build"))
