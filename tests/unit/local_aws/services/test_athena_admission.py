"""What StartQueryExecution decides before anything runs: the workgroup, the place of the answer, the statement."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import boto3
import pytest
from local_aws.context import Context
from local_aws.services.athena_admission import Admission
from local_aws.services.athena_catalog import Catalog
from local_aws.services.athena_engine import TrinoClient
from local_aws.services.athena_prepared import PreparedStatements
from local_aws.services.athena_results import Results
from local_aws.services.athena_submission import Submission
from local_aws.services.athena_work import Worker
from local_aws.services.athena_workgroups import Workgroups
from local_aws.settings import Settings
from local_aws.store import Table
from local_aws.supervisor import EngineClient
from local_aws.wire import AwsError
from moto import mock_aws

Submit = Callable[..., Submission]


@pytest.fixture
def submit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Submit]:
    """Submit a query; workgroup `strict` enforces its settings, `closed` is disabled."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        s3, glue = (boto3.client(name, region_name="us-east-1") for name in ("s3", "glue"))
        for bucket in ("results", "strict-results"):
            s3.create_bucket(Bucket=bucket)
        groups = Workgroups(Table(tmp_path / "state.sqlite", "groups"))
        settings = {"EnforceWorkGroupConfiguration": True, "BytesScannedCutoffPerQuery": 10_000_000}
        location = {"ResultConfiguration": {"OutputLocation": "s3://strict-results/a"}}
        groups.records["strict"] = {"Name": "strict", "State": "ENABLED", "Configuration": settings | location}
        groups.records["closed"] = {"Name": "closed", "State": "DISABLED"}
        results = Results(tmp_path, s3)
        prepared = PreparedStatements(Table(tmp_path / "state.sqlite", "prepared"))
        prepared.put("primary", "by_id", "SELECT * FROM orders WHERE id = ? AND note = ?")
        nowhere = Settings(tmp_path, 1, tmp_path, tmp_path)  # no Trino runs there: it reads nothing
        ctx = Context(nowhere, EngineClient(nowhere), AsyncMock())
        worker = Worker(TrinoClient(ctx), Catalog(glue, results.list_files, results.read), results, prepared)
        admission = Admission(groups, worker, s3)

        def submission(query: str = "SELECT 1", **arguments: Any) -> Submission:
            output = {"ResultConfiguration": {"OutputLocation": "s3://results/mine"}}
            return admission.submission({"QueryString": query} | output | arguments)

        yield submission


def test_the_client_says_where_the_answer_goes_unless_its_workgroup_does(submit: Submit) -> None:
    assert submit().output_file("id-1") == "s3://results/mine/id-1.csv"
    strict = submit(WorkGroup="strict")
    assert strict.output_file("id-1") == "s3://strict-results/a/id-1.csv"
    assert (strict.enforced, strict.byte_limit) == (True, 10_000_000)


@pytest.mark.parametrize(
    ("query", "file"),
    [
        ("SELECT 1", "id-1.csv"),
        ("CREATE TABLE t AS SELECT 1", "tables/id-1"),
        ("INSERT INTO t VALUES (1)", "id-1"),
        ("SHOW TABLES", "id-1.txt"),
        ("DROP TABLE t", "id-1.txt"),
        ("EXECUTE by_id USING 1, 'x'", "id-1.csv"),
    ],
)
def test_an_answers_file_is_named_after_what_is_done(submit: Submit, query: str, file: str) -> None:
    assert submit(query).output_file("id-1") == f"s3://results/mine/{file}"


def test_execute_becomes_the_prepared_statement_and_its_parameters(submit: Submit) -> None:
    found = submit("EXECUTE by_id USING 1, 'a, b'")
    assert found.statement.text == "SELECT * FROM orders WHERE id = ? AND note = ?"
    assert found.parameters == ["1", "'a, b'"]
    assert found.query == "EXECUTE by_id USING 1, 'a, b'"
    assert submit("EXECUTE by_id", ExecutionParameters=["1", "x"]).parameters == ["1", "x"]


def test_the_answer_is_encrypted_as_it_was_asked_for(submit: Submit) -> None:
    key = {"EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": "alias/retail"}}
    found = submit(ResultConfiguration={"OutputLocation": "s3://results/"} | key).destination("id-1")
    assert found.encryption == {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/retail"}
    assert submit().destination("id-1").encryption == {}


@pytest.mark.parametrize(
    ("query", "arguments", "message"),
    [
        ("SELECT 1", {"ResultConfiguration": {}}, "No output location provided"),
        ("SELECT 1", {"ResultConfiguration": {"OutputLocation": "results/"}}, "is not a valid S3 path: results/"),
        ("SELECT 1", {"ResultConfiguration": {"OutputLocation": "s3://none/"}}, "verify/create output bucket none"),
        ("SELECT 1", {"ResultConfiguration": {"OutputLocation": "s3:///x"}}, "verify/create output bucket"),
        ("SELECT 1", {"WorkGroup": "closed"}, "WorkGroup closed is disabled"),
        ("SELECT 1", {"WorkGroup": "nobodys"}, "WorkGroup nobodys is not found"),
        ("SELECT 1", {"QueryExecutionContext": {"Catalog": "other"}}, "Catalog other cannot be queried"),
        ("EXECUTE nothing USING 1", {}, "Prepared Statement nothing was not found in workGroup primary"),
        ("UNLOAD (SELECT 1) TO", {}, "line 1:21: mismatched input '<EOF>'"),
        ("CREATE EXTERNAL TABLE t (a int)\nSTORED AS", {}, "line 2:10: mismatched input '<EOF>'"),
        ("CREATE TABLE t (a nosuchtype) LOCATION 's3://b/' TBLPROPERTIES ('table_type'='ICEBERG')", {}, "nosuchtype"),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    submit: Submit, query: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(AwsError) as refused:
        submit(query, **arguments)
    assert message in refused.value.message
