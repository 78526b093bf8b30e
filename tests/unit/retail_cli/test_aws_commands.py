"""Commands that call AWS themselves, against moto: state bucket, leftovers of jobs."""

from __future__ import annotations

import json

import boto3
import pytest
import typer
from moto import mock_aws
from retail_cli import leftovers
from retail_cli.bootstrap import bootstrap

BUCKET = "retail-terraform-state-123456789012-eu-central-1"


@pytest.fixture(autouse=True)
def aws(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "TF_VAR_project"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-central-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield


def test_the_state_bucket_is_private_versioned_encrypted_and_tls_only(capsys):
    bootstrap()
    s3 = boto3.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    (deny,) = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_only_the_export_line_is_printed_and_twice_is_as_good_as_once(capsys):
    bootstrap()
    bootstrap()
    line = f"export TF_CLI_ARGS_init='-backend-config=bucket={BUCKET} -backend-config=region=eu-central-1'\n"
    assert capsys.readouterr().out == line * 2


def test_without_a_region_it_says_what_to_export(monkeypatch, capsys):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with pytest.raises(typer.Exit):
        bootstrap()
    assert "Export AWS_REGION" in capsys.readouterr().err


def test_tables_of_the_project_alone_are_deleted():
    glue = boto3.client("glue")
    for database in ("retail_gold", "other_gold"):
        glue.create_database(DatabaseInput={"Name": database})
        glue.create_table(DatabaseName=database, TableInput={"Name": "fact_orders"})
    assert leftovers.delete_tables("retail") == 1
    assert glue.get_tables(DatabaseName="retail_gold")["TableList"] == []
    assert len(glue.get_tables(DatabaseName="other_gold")["TableList"]) == 1


def test_only_our_runs_streams_leave_the_logs_that_the_account_shares():
    logs = boto3.client("logs")
    for group in ("/aws-glue/jobs/output", "/aws-glue/retail-etl-job/error", "/aws-glue/other-job/error"):
        logs.create_log_group(logGroupName=group)
    for stream in ("jr_ours", "jr_theirs"):
        logs.create_log_stream(logGroupName="/aws-glue/jobs/output", logStreamName=stream)
    assert leftovers.delete_logs("retail", ["jr_ours"]) == 2
    left = {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]}
    assert left == {"/aws-glue/jobs/output", "/aws-glue/other-job/error"}
    streams = logs.describe_log_streams(logGroupName="/aws-glue/jobs/output")["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == ["jr_theirs"]


def test_a_shared_group_that_held_only_ours_goes_whole():
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/aws-glue/jobs/error")
    logs.create_log_stream(logGroupName="/aws-glue/jobs/error", logStreamName="jr_ours")
    leftovers.delete_logs("retail", ["jr_ours"])
    assert logs.describe_log_groups()["logGroups"] == []
