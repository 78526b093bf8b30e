"""Redshift Serverless as Terraform makes it, asked by its Data API: boto3, awswrangler and `retail redshift`."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from awswrangler.data_api.redshift import connect, read_sql_query
from batch_etl.analytics.athena import ask
from batch_etl.analytics.redshift import StatementFailed, Warehouse, read_queries, shipped_queries
from botocore.exceptions import ClientError
from local_aws.store import Table
from redshift_answers import ANSWERS, Gold
from support import CHECKOUT, LocalAws

pytestmark = pytest.mark.local_aws

WORKGROUP, DATABASE = "retail-analytics", "retail"
QUERIES = read_queries(shipped_queries(), DATABASE)
HERE = {"WorkgroupName": WORKGROUP, "Database": DATABASE}


@dataclass(frozen=True)
class DataApi:
    """Runs a statement to its end; `admin` is the secret of the namespace's admin."""

    client: Any
    admin: str

    def run(self, sql: str, **arguments: Any) -> dict[str, Any]:
        """What DescribeStatement says of it at the end, whatever that is."""
        return self.end_of(self.client.execute_statement(Sql=sql, **HERE | arguments)["Id"])

    def batch(self, *sqls: str, **arguments: Any) -> dict[str, Any]:
        return self.end_of(self.client.batch_execute_statement(Sqls=list(sqls), **HERE | arguments)["Id"])

    def end_of(self, statement: str, seconds: float = 240) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            described: dict[str, Any] = self.client.describe_statement(Id=statement)
            if described["Status"] in ("FINISHED", "FAILED", "ABORTED"):
                return described
            time.sleep(0.1)
        raise AssertionError(f"{statement} did not end within {seconds} s: {described}")


@pytest.fixture(scope="module")
def api(applied: LocalAws) -> DataApi:
    namespace = applied.client("redshift-serverless").get_namespace(namespaceName=WORKGROUP)["namespace"]
    return DataApi(applied.client("redshift-data"), namespace["adminPasswordSecretArn"])


@pytest.fixture(scope="module")
def warehouse(api: DataApi) -> Warehouse:
    return Warehouse(api.client, WORKGROUP, DATABASE)


@pytest.fixture(scope="module")
def gold(applied: LocalAws) -> Gold:
    return Gold.read(applied)


# Answers


@pytest.mark.parametrize("name", ANSWERS)
def test_each_bi_query_answers_as_plain_python_does(warehouse: Warehouse, gold: Gold, name: str) -> None:
    expected = ANSWERS[name](gold)
    assert expected, "the demo data must give this query something to answer"
    assert list(warehouse.ask(QUERIES[name].sql).rows) == expected


def test_every_shipped_query_is_held_against_an_answer() -> None:
    assert sorted(QUERIES) == sorted(ANSWERS)


def test_redshift_and_athena_agree_to_the_cent(applied: LocalAws, warehouse: Warehouse) -> None:
    sql = (
        "SELECT productLine, COUNT(*) AS orderLines, SUM(f.orderAmount) AS booked FROM retail_gold.fact_orders AS f "
        "JOIN retail_gold.dim_products AS p ON p.productCode = f.productCode GROUP BY productLine ORDER BY productLine"
    )
    assert warehouse.ask(sql).rows == ask(applied.client("athena"), sql, workgroup="retail-analytics").rows


def test_awswrangler_reads_the_same(applied: LocalAws, gold: Gold) -> None:
    session = boto3.Session(region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", applied.endpoint_url)
        with connect(workgroup_name=WORKGROUP, database=DATABASE, boto3_session=session) as connection:
            frame = read_sql_query(QUERIES["year_over_year"].sql, con=connection)
    expected = ANSWERS["year_over_year"](gold)
    assert list(frame.columns) == [
        "productline", "year", "orders", "revenue", "revenuebefore", "growthpercent", "rankinyear"
    ]  # fmt: skip
    assert [(row.productline, row.year, Decimal(row.revenue)) for row in frame.itertuples()] == [
        (row[0], row[1], row[3]) for row in expected
    ]


def test_values_have_redshifts_types_and_names(api: DataApi) -> None:
    sql = (
        "SELECT 1::SMALLINT, 2, 3::BIGINT, 1.50::DECIMAL(10,2) AS Money, 0.5::FLOAT8, TRUE, 'x', NULL::INT, "
        "'2024-01-31'::DATE, '2024-01-31 10:20:30.5'::TIMESTAMP, DATEDIFF(month, '2024-01-31', '2024-02-01')"
    )
    answer = api.client.get_statement_result(Id=api.run(sql)["Id"])
    assert answer["Records"] == [[
        {"longValue": 1}, {"longValue": 2}, {"longValue": 3}, {"stringValue": "1.50"}, {"doubleValue": 0.5},
        {"booleanValue": True}, {"stringValue": "x"}, {"isNull": True}, {"stringValue": "2024-01-31"},
        {"stringValue": "2024-01-31 10:20:30.5"}, {"longValue": 1},
    ]]  # fmt: skip
    types = [column["typeName"] for column in answer["ColumnMetadata"]]
    assert types == "int2 int4 int8 numeric float8 bool varchar int4 date timestamp int8".split()
    assert answer["ColumnMetadata"][3]["name"] == "money"


def test_parameters_are_values(warehouse: Warehouse, gold: Gold) -> None:
    sql = "SELECT COUNT(*) FROM retail_gold.fact_orders WHERE orderDate >= :since AND status <> :status"
    counted = warehouse.ask(sql, {"since": "2024-01-01", "status": "Cancelled"}).rows
    assert counted == ((sum(line["orderdate"] >= date(2024, 1, 1) for line in gold.kept),),)
    assert warehouse.ask(sql, {"since": "2024-01-01", "status": "' OR 1 = 1 --"}).rows[0][0] >= counted[0][0]


def test_a_long_answer_comes_in_pages(api: DataApi, gold: Gold) -> None:
    statement = api.run("SELECT orderNumber, orderLineNumber FROM retail_gold.fact_orders WHERE status <> 'Cancelled'")
    pages = list(api.client.get_paginator("get_statement_result").paginate(Id=statement["Id"]))
    rows = {tuple(cell["longValue"] for cell in record) for page in pages for record in page["Records"]}
    assert len(pages) == -(-len(gold.kept) // 1000)
    assert rows == {(line["ordernumber"], line["orderlinenumber"]) for line in gold.kept}
    assert pages[0]["TotalNumRows"] == statement["ResultRows"] == len(gold.kept)


def test_an_answer_can_be_csv(api: DataApi) -> None:
    statement = api.run("SELECT 1 AS a, NULL::VARCHAR AS b, 'x, y' AS c", ResultFormat="CSV")["Id"]
    assert api.client.get_statement_result_v2(Id=statement)["Records"] == [{"CSVRecords": 'a,b,c\r\n1,,"x, y"\r\n'}]
    with pytest.raises(ClientError, match="ResultFormat CSV"):
        api.client.get_statement_result(Id=statement)


# Schemas and who may use them


def test_the_schemas_of_terraform_are_there_to_be_seen(api: DataApi, warehouse: Warehouse) -> None:
    assert warehouse.ask("SELECT schemaname, databasename FROM svv_external_schemas ORDER BY 1").rows == (
        ("retail_gold", "retail_gold"),
        ("retail_silver", "retail_silver"),
    )
    assert api.client.list_databases(**HERE)["Databases"] == [DATABASE]
    assert {"public", "retail_gold", "retail_silver"} <= set(api.client.list_schemas(**HERE)["Schemas"])
    tables = api.client.list_tables(**HERE, SchemaPattern="retail_gold", TablePattern="dim%")["Tables"]
    assert {table["name"] for table in tables} == {"dim_customers", "dim_dates", "dim_locations", "dim_products"}
    columns = api.client.describe_table(**HERE, Schema="retail_gold", Table="fact_orders")["ColumnList"]
    assert {(c["name"], c["typeName"], c["precision"], c["scale"]) for c in columns} >= {
        ("ordernumber", "int4", 10, 0),
        ("orderamount", "numeric", 21, 2),
        ("orderdate", "date", 13, 0),
    }


def test_an_analyst_reads_and_only_the_admin_makes_schemas(api: DataApi) -> None:
    role = api.client.describe_statement(Id=api.run("SELECT esoptions FROM svv_external_schemas LIMIT 1")["Id"])
    options = api.client.get_statement_result(Id=role["Id"])["Records"][0][0]["stringValue"]
    arn = json.loads(options)["IAM_ROLE"]
    create = f"CREATE EXTERNAL SCHEMA mine FROM DATA CATALOG DATABASE 'retail_gold' IAM_ROLE '{arn}'"
    assert api.run(create)["Error"] == "ERROR: permission denied for database retail"
    assert api.run(create, SecretArn=api.admin)["Status"] == "FINISHED"
    try:
        refused = api.run("SELECT 1 FROM mine.dim_dates LIMIT 1")
        assert refused["Error"] == "ERROR: permission denied for schema mine"
        assert api.run("SELECT 1 FROM mine.dim_dates LIMIT 1", SecretArn=api.admin)["ResultRows"] == 1
    finally:
        assert api.run("DROP SCHEMA mine", SecretArn=api.admin)["Status"] == "FINISHED"


# Statements: states, batches, cancelling, repeating, expiring


def test_a_statement_tells_what_it_did(api: DataApi) -> None:
    described = api.run("SELECT 1 AS a", StatementName="telling")
    assert {"Status": "FINISHED", "HasResultSet": True, "ResultRows": 1, "DbUser": "IAM:root"}.items() <= (
        described.items()
    )
    assert described["Duration"] > 0
    listed = api.client.list_statements(StatementName="tell", WorkgroupName=WORKGROUP)["Statements"]
    assert [entry["Id"] for entry in listed] == [described["Id"]]


def test_a_batch_is_one_transaction(api: DataApi) -> None:
    good = api.batch("SELECT 1 AS a", "SELECT 2 AS b")
    assert [part["Status"] for part in good["SubStatements"]] == ["FINISHED", "FINISHED"]
    second = api.client.get_statement_result(Id=f"{good['Id']}:2")
    assert second["Records"] == [[{"longValue": 2}]]
    bad = api.batch("DROP SCHEMA retail_silver", "SELECT 1 FROM retail_gold.nowhere", "SELECT 3", SecretArn=api.admin)
    assert bad["Error"] == 'Query #2 failed with ERROR: relation "retail_gold.nowhere" does not exist'
    assert [part["Status"] for part in bad["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert "retail_silver" in api.client.list_schemas(**HERE)["Schemas"]


def test_a_cancelled_statement_is_aborted(api: DataApi) -> None:
    slow = (
        "SELECT COUNT(*) FROM retail_gold.fact_orders a, retail_gold.fact_orders b, retail_gold.fact_orders c "
        "WHERE a.quantityOrdered * b.quantityOrdered % 7 = c.quantityOrdered"
    )
    statement = api.client.execute_statement(Sql=slow, **HERE)["Id"]
    while api.client.describe_statement(Id=statement)["Status"] != "STARTED":
        time.sleep(0.1)
    assert api.client.cancel_statement(Id=statement)["Status"]
    assert api.end_of(statement, seconds=10)["Status"] == "ABORTED"
    with pytest.raises(ClientError, match="already in ABORTED state"):
        api.client.cancel_statement(Id=statement)


def test_the_same_token_is_the_same_statement(api: DataApi) -> None:
    request = {"Sql": "SELECT 42", "ClientToken": "a-token-of-this-test", **HERE}
    first = api.client.execute_statement(**request)["Id"]
    assert api.client.execute_statement(**request)["Id"] == first
    with pytest.raises(ClientError, match="used before with other parameters"):
        api.client.execute_statement(**request | {"Sql": "SELECT 43"})


@pytest.fixture
def heard(applied: LocalAws) -> Iterator[Any]:
    """A queue that hears of statements' ends."""
    sqs, events = applied.client("sqs"), applied.client("events")
    url = sqs.create_queue(QueueName="redshift-heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="redshift-heard", EventPattern=json.dumps({"source": ["aws.redshift-data"]}))
    events.put_targets(Rule="redshift-heard", Targets=[{"Id": "queue", "Arn": arn}])
    yield lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10).get("Messages", [])
    events.remove_targets(Rule="redshift-heard", Ids=["queue"])
    events.delete_rule(Name="redshift-heard")
    sqs.delete_queue(QueueUrl=url)


def test_the_end_of_a_statement_is_an_event_when_asked_for(api: DataApi, heard: Any) -> None:
    api.run("SELECT 1")
    statement = api.run("SELECT 1 FROM retail_gold.nowhere", WithEvent=True, StatementName="watched")
    (message,) = heard()
    event = json.loads(message["Body"])
    assert event["detail-type"] == "Redshift Data Statement Status Change"
    assert {"statementId": statement["Id"], "statementName": "watched", "state": "FAILED"}.items() <= (
        event["detail"].items()
    )


def test_an_answer_expires_after_a_day_and_terraform_does_not_mind(applied: LocalAws, api: DataApi) -> None:
    kept = Table(applied.settings.state / "services.sqlite", "redshift.statements")
    statement = api.run("SELECT 1")["Id"]
    long_ago = datetime.now(UTC) - timedelta(hours=25)
    for known in kept:
        kept.update_fields(known, CreatedAt=long_ago)
    with pytest.raises(ClientError, match="has expired after"):
        api.client.get_statement_result(Id=statement)
    planned = subprocess.run(
        ["terraform", "plan", "-input=false", "-detailed-exitcode", "-lock=false"],
        cwd=CHECKOUT / "batch-etl-pipeline" / "terraform",
        env=applied.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert planned.returncode == 0, planned.stdout + planned.stderr


# Errors


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELEC 1", 'ERROR: syntax error at or near "1" (line 1, column 7)'),
        ("SELECT nope FROM retail_gold.fact_orders", 'ERROR: column "nope" does not exist'),
        ("SELECT 1 FROM retail_gold.nowhere", 'ERROR: relation "retail_gold.nowhere" does not exist'),
        ("SELECT 1 FROM retail_bronze.orders", 'ERROR: schema "retail_bronze" does not exist'),
        ("SELECT 1 / (quantityOrdered - quantityOrdered) FROM retail_gold.fact_orders", "ERROR: Divide by zero"),
        (
            "CREATE TABLE mine AS SELECT 1 AS a",
            "ERROR: local-aws does not emulate CREATE statements: Redshift's own tables and everything that writes "
            "need AWS. It answers queries on external schemas.",
        ),
    ],
)
def test_a_statement_that_cannot_be_done_fails_and_says_why(api: DataApi, sql: str, error: str) -> None:
    described = api.run(sql)
    assert (described["Status"], described["Error"]) == ("FAILED", error)
    with pytest.raises(ClientError) as refused:
        api.client.get_statement_result(Id=described["Id"])
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"WorkgroupName": "nobody"}, "Redshift endpoint doesn't exist in this region"),
        ({"ClusterIdentifier": "one"}, "Redshift endpoint doesn't exist in this region"),
        ({"DbUser": "me"}, "DbUser is not supported with WorkgroupName"),
        ({"SecretArn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:none"}, "cannot be read"),
        ({"Sql": "x" * 100_001}, "at most 100000 characters"),
    ],
)
def test_a_request_that_cannot_work_is_refused(api: DataApi, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        api.client.execute_statement(**{"Sql": "SELECT 1", **HERE, **arguments})
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_another_database_and_another_login_are_kept_out(applied: LocalAws, api: DataApi) -> None:
    assert api.run("SELECT 1", Database="dev")["Error"] == 'FATAL: database "dev" does not exist'
    secrets = applied.client("secretsmanager")
    stranger = secrets.create_secret(
        Name="redshift-stranger", SecretString=json.dumps({"username": "mallory", "password": "x"})
    )["ARN"]
    refused = api.run("SELECT 1", SecretArn=stranger)
    secrets.delete_secret(SecretId=stranger, ForceDeleteWithoutRecovery=True)
    assert refused["Error"] == 'FATAL: password authentication failed for user "mallory"'


def test_an_unknown_statement_is_not_found(api: DataApi) -> None:
    with pytest.raises(ClientError, match="Query does not exist") as refused:
        api.client.describe_statement(Id="00000000-0000-0000-0000-000000000000")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


# Namespaces and workgroups


def test_a_namespace_has_its_password_in_a_secret_and_takes_it_along(applied: LocalAws) -> None:
    serverless, secrets = applied.client("redshift-serverless"), applied.client("secretsmanager")
    made = serverless.create_namespace(namespaceName="short-lived", manageAdminPassword=True)["namespace"]
    secret = made["adminPasswordSecretArn"]
    assert set(json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])) == {"username", "password"}
    with pytest.raises(ClientError, match="already exists") as refused:
        serverless.create_namespace(namespaceName="short-lived")
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    serverless.delete_namespace(namespaceName="short-lived")
    with pytest.raises(ClientError) as gone:
        serverless.get_namespace(namespaceName="short-lived")
    assert gone.value.response["Error"]["Code"] == "ResourceNotFoundException"
    with pytest.raises(ClientError):
        secrets.describe_secret(SecretId=secret)


def test_a_namespace_in_use_stays(applied: LocalAws) -> None:
    with pytest.raises(ClientError, match="is attached to workgroup retail-analytics") as refused:
        applied.client("redshift-serverless").delete_namespace(namespaceName=WORKGROUP)
    assert refused.value.response["Error"]["Code"] == "ConflictException"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"subnets": 2}, "needs at least 3 subnets in 3 different ones"),
        ({"baseCapacity": 12}, "12 RPUs is not offered"),
        ({"baseCapacity": 32, "maxCapacity": 16}, "maxCapacity 16 is below baseCapacity 32"),
    ],
)
def test_a_workgroup_that_aws_would_refuse_is_refused(
    applied: LocalAws, arguments: dict[str, Any], message: str
) -> None:
    serverless = applied.client("redshift-serverless")
    serverless.create_namespace(namespaceName="unused")
    subnets = applied.fact("network/private_subnet_ids").split(",")[: arguments.pop("subnets", 3)]
    try:
        with pytest.raises(ClientError, match=message):
            serverless.create_workgroup(workgroupName="unused", namespaceName="unused", subnetIds=subnets, **arguments)
    finally:
        serverless.delete_namespace(namespaceName="unused")


# The command


def test_retail_redshift_prints_every_answer(applied: LocalAws) -> None:
    printed = applied.run("retail", "redshift", "--rows", "3").stdout
    for question in QUERIES.values():
        assert question.title in printed
    assert "6 queries" in printed


def test_retail_redshift_says_what_is_wrong(applied: LocalAws) -> None:
    unknown = applied.run("retail", "redshift", "weather", check=False)
    assert (unknown.returncode, "has no query weather" in unknown.stderr) == (1, True)
    elsewhere = applied.run("retail", "redshift", "pareto", "--project", "nobody", check=False)
    assert (elsewhere.returncode, "redshift={enabled=true}" in elsewhere.stderr) == (1, True)


def test_a_failed_statement_is_raised_with_its_id(warehouse: Warehouse) -> None:
    with pytest.raises(StatementFailed, match=r"ended statement [0-9a-f-]{36} as FAILED: ERROR: relation"):
        warehouse.ask("SELECT 1 FROM retail_gold.nowhere")
