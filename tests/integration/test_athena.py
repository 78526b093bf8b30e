"""Athena on a running local AWS, by the programs that people use: boto3, awswrangler and PyAthena."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import awswrangler
import boto3
import pandas as pd
import pyathena
import pytest
from botocore.exceptions import ClientError
from pyathena.pandas.cursor import PandasCursor

pytestmark = pytest.mark.local_aws

BUCKET = "athena-tests-000000000000-us-east-1"
OUTPUT = f"s3://{BUCKET}/results"
DATABASE = "athena_tests"
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}


@dataclass(frozen=True)
class Athena:
    """Runs a statement to its end."""

    client: Any
    s3: Any

    def run(self, query: str, **arguments: Any) -> dict[str, Any]:
        """The QueryExecution at its end, whatever that is."""
        given = {
            "QueryExecutionContext": {"Database": DATABASE},
            "ResultConfiguration": {"OutputLocation": OUTPUT},
        } | arguments
        query_id = self.client.start_query_execution(QueryString=query, **given)["QueryExecutionId"]
        return self.end_of(query_id)

    def end_of(self, query_id: str, seconds: float = 240) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            execution: dict[str, Any] = self.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if execution["Status"]["State"] in ENDED:
                return execution
            time.sleep(0.1)
        raise AssertionError(f"{query_id} did not end within {seconds} s: {execution}")

    def do(self, query: str, **arguments: Any) -> dict[str, Any]:
        """A statement that must succeed."""
        execution = self.run(query, **arguments)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        return execution

    def rows(self, query: str, **arguments: Any) -> list[list[str | None]]:
        """The answer's rows; a SELECT's without its header."""
        execution = self.do(query, **arguments)
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=execution["QueryExecutionId"])
        found = [
            [cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]
        ]
        return found[1:] if execution["StatementType"] == "DML" else found

    def reason(self, query: str, **arguments: Any) -> str:
        execution = self.run(query, **arguments)
        assert execution["Status"]["State"] == "FAILED", execution["Status"]
        return str(execution["Status"]["StateChangeReason"])

    def file(self, location: str) -> str:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        return str(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())


@pytest.fixture(scope="module")
def athena(local_aws: Any) -> Iterator[Athena]:
    found = Athena(local_aws.client("athena"), local_aws.client("s3"))
    found.s3.create_bucket(Bucket=BUCKET)
    found.do(f"CREATE DATABASE {DATABASE}", QueryExecutionContext={})
    found.do(
        f"CREATE TABLE orders (id int, price decimal(10,2), placed timestamp, day date, note string) "
        f"PARTITIONED BY (month(placed)) LOCATION 's3://{BUCKET}/orders/' TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    found.do(
        "INSERT INTO orders VALUES (1, 10.50, TIMESTAMP '2024-01-05 10:00:00', DATE '2024-01-05', 'a, \"b\"'), "
        "(2, 0.25, TIMESTAMP '2024-02-06 11:30:00.5', DATE '2024-02-06', NULL), (3, NULL, NULL, NULL, '')"
    )
    found.do(
        f"CREATE EXTERNAL TABLE visits (id int, tags array<string>) PARTITIONED BY (dt string) "
        f"STORED AS PARQUET LOCATION 's3://{BUCKET}/visits/'"
    )
    found.do("INSERT INTO visits VALUES (1, ARRAY['x', NULL], '2024-01-01'), (2, NULL, '2024-01-02')")
    yield found
    found.do(f"DROP DATABASE {DATABASE} CASCADE", QueryExecutionContext={})


@pytest.fixture(scope="module")
def session(local_aws: Any) -> Iterator[boto3.Session]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_aws.settings.client_environment().items():
            patch.setenv(name, value)
        yield boto3.Session()


@pytest.fixture
def workgroup(athena: Athena, request: Any) -> Iterator[str]:
    name = f"group-{abs(hash(request.node.name))}"
    athena.client.create_work_group(
        Name=name, Configuration={"ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/{name}/"}}
    )
    yield name
    athena.client.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


def column_types(athena: Athena, execution: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    answer = athena.client.get_query_results(QueryExecutionId=execution["QueryExecutionId"])
    columns = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    return [(c["Name"], c["Type"], c["Precision"], c["Scale"]) for c in columns]


# Answers and their files


def test_every_type_reads_as_athena_writes_it(athena: Athena) -> None:
    query = """
        SELECT true AS yes, 1e10 AS big, DOUBLE '0.1' AS small, REAL '1.5' AS r, DECIMAL '1.50' AS money,
               TIMESTAMP '2024-01-02 03:04:05' AS t, DATE '2024-01-02' AS d, X'6162' AS b, CAST(NULL AS varchar) AS n,
               ARRAY['a', NULL] AS list, MAP(ARRAY['k'], ARRAY[2]) AS m,
               CAST(ROW(1, 'z') AS ROW(a int, b varchar)) AS s, CAST('x' AS char(3)) AS c
    """
    execution = athena.do(query)
    assert athena.rows(query) == [
        ["true", "1.0E10", "0.1", "1.5", "1.50", "2024-01-02 03:04:05.000", "2024-01-02", "61 62", None,
         "[a, null]", "{k=2}", "{a=1, b=z}", "x  "]
    ]  # fmt: skip
    assert column_types(athena, execution) == [
        ("yes", "boolean", 0, 0),
        ("big", "double", 17, 0),
        ("small", "double", 17, 0),
        ("r", "float", 17, 0),
        ("money", "decimal", 3, 2),
        ("t", "timestamp", 3, 0),
        ("d", "date", 0, 0),
        ("b", "varbinary", 1073741824, 0),
        ("n", "varchar", 2147483647, 0),
        ("list", "array", 0, 0),
        ("m", "map", 0, 0),
        ("s", "row", 0, 0),
        ("c", "char", 3, 0),
    ]


def test_the_result_file_quotes_every_value_and_leaves_null_empty(athena: Athena) -> None:
    execution = athena.do("SELECT id, note FROM orders ORDER BY id")
    location = execution["ResultConfiguration"]["OutputLocation"]
    assert location == f"{OUTPUT}/{execution['QueryExecutionId']}.csv"
    assert athena.file(location) == '"id","note"\n"1","a, ""b"""\n"2",\n"3",""\n'


def test_pages_carry_the_header_once(athena: Athena) -> None:
    execution = athena.do("SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n) ORDER BY n")
    pages = athena.client.get_paginator("get_query_results").paginate(
        QueryExecutionId=execution["QueryExecutionId"], PaginationConfig={"PageSize": 1000}
    )
    found = [[row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]] for page in pages]
    assert [len(page) for page in found] == [1000, 1000, 501]
    assert [row for page in found for row in page] == ["n", *map(str, range(1, 2501))]


def test_results_whose_file_is_gone_are_gone(athena: Athena) -> None:
    execution = athena.do("SELECT 1")
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    athena.s3.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(ClientError, match="Could not find results"):
        athena.client.get_query_results(QueryExecutionId=execution["QueryExecutionId"])


def test_bytes_scanned_are_those_that_were_read(athena: Athena) -> None:
    assert athena.do("SELECT 1")["Statistics"]["DataScannedInBytes"] == 0
    assert athena.do("SELECT sum(price) FROM orders")["Statistics"]["DataScannedInBytes"] > 0


def test_runtime_statistics_come_from_the_stages(athena: Athena) -> None:
    execution = athena.do("SELECT day, count(*) FROM orders GROUP BY day")
    found = athena.client.get_query_runtime_statistics(QueryExecutionId=execution["QueryExecutionId"])
    statistics = found["QueryRuntimeStatistics"]
    assert statistics["Rows"]["InputRows"] == 3
    assert statistics["Rows"]["OutputRows"] == 3
    assert statistics["OutputStage"]["StageId"] == 0
    assert statistics["OutputStage"]["SubStages"]


# Tables


def test_hive_and_iceberg_tables_meet_in_one_query_by_one_name(athena: Athena) -> None:
    query = """SELECT o.id, v.dt FROM orders o JOIN "AwsDataCatalog".athena_tests.visits v ON o.id = v.id ORDER BY 1"""
    assert athena.rows(query) == [["1", "2024-01-01"], ["2", "2024-01-02"]]
    listed = athena.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'athena_tests'")
    assert {"orders", "visits"} <= {row[0] for row in listed}
    columns = athena.rows(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'athena_tests' AND table_name = 'orders' ORDER BY ordinal_position"
    )
    assert columns[:3] == [["id", "integer"], ["price", "decimal(10,2)"], ["placed", "timestamp(6)"]]


def test_create_table_as_writes_the_format_it_is_asked_for_and_lists_its_files(athena: Athena) -> None:
    execution = athena.do(
        f"CREATE TABLE copied WITH (format = 'PARQUET', write_compression = 'SNAPPY', partitioned_by = ARRAY['day'], "
        f"external_location = 's3://{BUCKET}/copied/') AS SELECT id, price, day FROM orders WHERE day IS NOT NULL"
    )
    files = athena.file(execution["Statistics"]["DataManifestLocation"]).split()
    assert len(files) == 2
    assert all(file.startswith(f"s3://{BUCKET}/copied/day=2024-0") for file in files)
    assert athena.rows("SELECT id, price, day FROM copied ORDER BY id") == [
        ["1", "10.50", "2024-01-05"],
        ["2", "0.25", "2024-02-06"],
    ]
    again = athena.reason(f"CREATE TABLE other WITH (external_location = 's3://{BUCKET}/copied/') AS SELECT 1 AS a")
    assert again.startswith("HIVE_PATH_ALREADY_EXISTS")


def test_iceberg_tables_change_rows_and_remember(athena: Athena) -> None:
    athena.do(
        f"CREATE TABLE stock WITH (table_type = 'ICEBERG', is_external = false, location = 's3://{BUCKET}/stock/') "
        "AS SELECT 1 AS id, 5 AS quantity"
    )
    before = athena.rows('SELECT snapshot_id FROM "stock$snapshots"')[0][0]
    athena.do(
        "MERGE INTO stock t USING (VALUES (1, 6), (2, 7)) AS s (id, quantity) ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET quantity = s.quantity WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.quantity)"
    )
    athena.do("UPDATE stock SET quantity = 8 WHERE id = 2")
    athena.do("DELETE FROM stock WHERE id = 1")
    assert athena.rows("SELECT * FROM stock") == [["2", "8"]]
    assert athena.rows(f"SELECT * FROM stock FOR VERSION AS OF {before}") == [["1", "5"]]
    athena.do("OPTIMIZE stock REWRITE DATA USING BIN_PACK")
    athena.do("VACUUM stock")
    assert athena.rows(f"SELECT * FROM stock FOR VERSION AS OF {before}") == [["1", "5"]]  # five days are kept
    athena.do("DROP TABLE stock")
    assert "Contents" not in athena.s3.list_objects_v2(Bucket=BUCKET, Prefix="stock/")


def test_only_iceberg_tables_can_be_changed(athena: Athena) -> None:
    assert "only supported for transactional tables" in athena.reason("UPDATE visits SET id = 3")


def test_partition_projection_needs_no_partitions_in_the_catalog(athena: Athena) -> None:
    athena.do(
        f"""CREATE EXTERNAL TABLE feed (id int) PARTITIONED BY (dt string) STORED AS PARQUET
        LOCATION 's3://{BUCKET}/feed/' TBLPROPERTIES ('projection.enabled' = 'true', 'projection.dt.type' = 'date',
        'projection.dt.range' = '2024-01-01,NOW', 'projection.dt.format' = 'yyyy-MM-dd',
        'storage.location.template' = 's3://{BUCKET}/feed/dt=${{dt}}')"""
    )
    athena.do(f"UNLOAD (SELECT 7 AS id) TO 's3://{BUCKET}/feed/dt=2024-03-04/' WITH (format = 'PARQUET')")
    assert athena.rows("SELECT id, dt FROM feed WHERE dt >= '2024-03-01' AND dt < '2024-04-01'") == [
        ["7", "2024-03-04"]
    ]


def test_text_and_json_files_are_read_by_their_serde(athena: Athena) -> None:
    athena.s3.put_object(Bucket=BUCKET, Key="csv/a.csv", Body=b'id,name\n1,"x, y"\n')
    athena.s3.put_object(Bucket=BUCKET, Key="json/a.json", Body=b'{"id": 1, "s": {"a": 2}}\n')
    athena.do(
        f"""CREATE EXTERNAL TABLE csv_files (id string, name string)
        ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
        WITH SERDEPROPERTIES ('separatorChar' = ',', 'quoteChar' = '"', 'escapeChar' = '\\\\')
        LOCATION 's3://{BUCKET}/csv/' TBLPROPERTIES ('skip.header.line.count' = '1')"""
    )
    athena.do(
        f"CREATE EXTERNAL TABLE json_files (id int, s struct<a:int>) "
        f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{BUCKET}/json/'"
    )
    assert athena.rows("SELECT * FROM csv_files") == [["1", "x, y"]]
    assert athena.rows("SELECT id, s.a FROM json_files") == [["1", "2"]]


def test_partitions_are_added_dropped_and_repaired(athena: Athena) -> None:
    assert athena.rows("SHOW PARTITIONS visits") == [["dt=2024-01-01"], ["dt=2024-01-02"]]
    athena.do("ALTER TABLE visits DROP PARTITION (dt = '2024-01-02')")
    assert athena.rows("SELECT id FROM visits") == [["1"]]
    assert athena.rows("MSCK REPAIR TABLE visits") == [
        ["Partitions not in metastore:\tvisits:dt=2024-01-02"],
        ["Repair: Added partition to metastore visits:dt=2024-01-02"],
    ]
    assert athena.rows("SELECT id FROM visits ORDER BY id") == [["1"], ["2"]]


def test_views_are_kept_in_glue_as_athena_keeps_them(athena: Athena, local_aws: Any) -> None:
    athena.do("CREATE OR REPLACE VIEW cheap AS SELECT id FROM orders WHERE price < 1")
    assert athena.rows("SELECT * FROM cheap") == [["2"]]
    table = local_aws.client("glue").get_table(DatabaseName=DATABASE, Name="cheap")["Table"]
    assert table["TableType"] == "VIRTUAL_VIEW"
    assert table["ViewOriginalText"].startswith("/* Presto View: ")
    assert athena.rows("SHOW CREATE VIEW cheap")[0] == ["CREATE VIEW athena_tests.cheap AS"]
    athena.do("DROP VIEW cheap")


def test_show_and_describe(athena: Athena) -> None:
    assert [DATABASE] in athena.rows("SHOW DATABASES")
    assert athena.rows("SHOW TABLES 'vis*'") == [["visits"]]
    assert athena.rows("SHOW COLUMNS IN visits")[0] == ["id                  "]
    assert athena.rows("DESCRIBE visits")[0] == ["id                  \tint                 \t                    "]
    created = "\n".join(str(row[0]) for row in athena.rows("SHOW CREATE TABLE visits"))
    athena.do(created.replace("athena_tests.visits", "visits_again"))
    athena.do("MSCK REPAIR TABLE visits_again")
    assert athena.rows("SELECT count(*) FROM visits_again") == [["2"]]
    created = "\n".join(str(row[0]) for row in athena.rows("SHOW CREATE TABLE orders"))
    assert "PARTITIONED BY (`month(placed)`)" in created


def test_unload_writes_files_and_leaves_no_table(athena: Athena) -> None:
    before = athena.rows("SHOW TABLES")
    target = f"s3://{BUCKET}/unloaded/"
    execution = athena.do(
        f"UNLOAD (SELECT id, note FROM orders) TO '{target}' WITH (format = 'JSON', compression = 'GZIP')"
    )
    files = athena.file(execution["Statistics"]["DataManifestLocation"]).split()
    assert files
    assert all(file.startswith(target) for file in files)
    assert athena.rows("SHOW TABLES") == before
    again = athena.reason(f"UNLOAD (SELECT 1 AS a) TO '{target}' WITH (format = 'JSON')")
    assert again.startswith("HIVE_PATH_ALREADY_EXISTS")


def test_unload_takes_parameters(athena: Athena) -> None:
    target = f"s3://{BUCKET}/unloaded-by-parameter/"
    text = "WITH (format = 'TEXTFILE', field_delimiter = '|', compression = 'NONE')"
    query = f"UNLOAD (SELECT id, price FROM orders WHERE id = ?) TO '{target}' {text}"
    execution = athena.do(query, ExecutionParameters=["2"])
    written = [athena.file(name) for name in athena.file(execution["Statistics"]["DataManifestLocation"]).split()]
    assert "".join(written) == "2|0.25\n"


# Errors


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT nope FROM orders", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved or requester"),
        ("SELECT * FROM nope", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.athena_tests.nope' does not exist"),
        ("SELECT * FROM nope.nope", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nope' does not exist"),
        ("SELECT id + note FROM orders", "TYPE_MISMATCH: line 1:11: Cannot apply operator"),
        ("SELECT 1 / (id - id) FROM orders", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT nofunction(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nofunction' not registered"),
        ("CREATE DATABASE athena_tests", "FAILED: Execution Error. AlreadyExistsException"),
    ],
)
def test_a_query_that_cannot_be_done_says_why(athena: Athena, query: str, reason: str) -> None:
    execution = athena.run(query)
    assert execution["Status"]["StateChangeReason"].startswith(reason)
    assert execution["Status"]["AthenaError"]["ErrorCategory"] == 2


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELEC 1", "mismatched input 'SELEC'"),
        ("SELECT 1 FROM", "line 1:14: mismatched input '<EOF>'"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed"),
        ("SELECT * FROM `orders`", "backquoted identifiers are not supported"),
        ("CREATE EXTERNAL TABLE x (a int) STORED AS NONSENSE LOCATION 's3://b/x/'", "NONSENSE"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused_at_once(athena: Athena, query: str, message: str) -> None:
    athena.do("SELECT 1")
    with pytest.raises(ClientError, match=message) as refused:
        athena.client.start_query_execution(QueryString=query, ResultConfiguration={"OutputLocation": OUTPUT})
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "No output location provided"),
        ({"WorkGroup": "nobody"}, "WorkGroup nobody is not found"),
        (
            {"ResultConfiguration": {"OutputLocation": "s3://no-such-bucket-here/"}},
            "Unable to verify/create output bucket",
        ),
        ({"ResultConfiguration": {"OutputLocation": OUTPUT}, "QueryExecutionContext": {"Catalog": "nocat"}}, "nocat"),
    ],
)
def test_a_request_that_cannot_work_is_refused(athena: Athena, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        athena.client.start_query_execution(QueryString="SELECT 1", **arguments)


# Running, stopping, repeating


def test_a_stopped_query_is_cancelled_and_trino_stops_too(athena: Athena) -> None:
    slow = "SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x) CROSS JOIN UNNEST(sequence(1, 10000)) b(y) " \
        "CROSS JOIN UNNEST(sequence(1, 1000)) c(z) WHERE x * y % 7 = z"  # fmt: skip
    query_id = athena.client.start_query_execution(QueryString=slow, ResultConfiguration={"OutputLocation": OUTPUT})[
        "QueryExecutionId"
    ]
    while athena.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]["State"] == "QUEUED":
        time.sleep(0.1)
    time.sleep(1)
    athena.client.stop_query_execution(QueryExecutionId=query_id)
    execution = athena.end_of(query_id, seconds=10)
    assert execution["Status"]["State"] == "CANCELLED"
    running = "SELECT count(*) FROM system.runtime.queries WHERE state = 'RUNNING' AND query LIKE '%1, 10000%CROSS%' " \
        "AND query NOT LIKE '%system.runtime%'"  # fmt: skip
    assert athena.rows(running) == [["0"]]


def test_the_same_token_is_the_same_query(athena: Athena) -> None:
    request = {
        "QueryString": "SELECT 42",
        "ClientRequestToken": "a-token-of-thirty-two-characters-or-more",
        "ResultConfiguration": {"OutputLocation": OUTPUT},
    }
    first = athena.client.start_query_execution(**request)["QueryExecutionId"]
    assert athena.client.start_query_execution(**request)["QueryExecutionId"] == first
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        athena.client.start_query_execution(**request | {"QueryString": "SELECT 43"})


def test_parameters_and_prepared_statements(athena: Athena) -> None:
    assert athena.rows(
        "SELECT id FROM orders WHERE note = ? OR id = ? ORDER BY id", ExecutionParameters=["''", "2"]
    ) == [
        ["2"],
        ["3"],
    ]
    athena.client.create_prepared_statement(
        StatementName="by_id", WorkGroup="primary", QueryStatement="SELECT price FROM orders WHERE id = ?"
    )
    assert athena.rows("EXECUTE by_id USING 1") == [["10.50"]]
    athena.do("PREPARE by_day FROM SELECT id FROM orders WHERE day = ?")
    assert athena.rows("EXECUTE by_day USING DATE '2024-02-06'") == [["2"]]
    names = athena.client.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]
    assert [entry["StatementName"] for entry in names] == ["by_id", "by_day"]
    athena.do("DEALLOCATE PREPARE by_day")
    athena.client.delete_prepared_statement(StatementName="by_id", WorkGroup="primary")
    assert athena.client.list_prepared_statements(WorkGroup="primary")["PreparedStatements"] == []


# Workgroups


def test_a_workgroup_that_enforces_its_settings_overrules_the_client(athena: Athena, workgroup: str) -> None:
    execution = athena.do("SELECT 1", WorkGroup=workgroup)
    assert execution["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{BUCKET}/{workgroup}/")
    assert athena.client.list_query_executions(WorkGroup=workgroup)["QueryExecutionIds"] == [
        execution["QueryExecutionId"]
    ]


def test_a_query_over_its_scan_limit_is_cancelled(athena: Athena, workgroup: str) -> None:
    athena.do(
        "CREATE TABLE wide WITH (format = 'TEXTFILE', write_compression = 'NONE', "
        f"external_location = 's3://{BUCKET}/wide/') AS SELECT lpad('', 1000, cast(n AS varchar)) AS text "
        "FROM UNNEST(sequence(1, 10000)) a(n) CROSS JOIN (VALUES 1, 2) b(m)"
    )
    athena.client.update_work_group(
        WorkGroup=workgroup, ConfigurationUpdates={"BytesScannedCutoffPerQuery": 10_000_000}
    )
    execution = athena.run("SELECT count(*), max(text) FROM wide", WorkGroup=workgroup)
    assert execution["Status"]["State"] == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in execution["Status"]["StateChangeReason"]


def test_a_disabled_workgroup_runs_nothing(athena: Athena, workgroup: str) -> None:
    athena.client.update_work_group(WorkGroup=workgroup, State="DISABLED")
    with pytest.raises(ClientError, match="is disabled"):
        athena.client.start_query_execution(QueryString="SELECT 1", WorkGroup=workgroup)


def test_metadata_is_that_of_glue(athena: Athena) -> None:
    table = athena.client.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=DATABASE, TableName="visits")
    columns = table["TableMetadata"]
    assert [c["Name"] for c in columns["Columns"]] == ["id", "tags"]
    assert [c["Name"] for c in columns["PartitionKeys"]] == ["dt"]
    catalogs = athena.client.list_data_catalogs()["DataCatalogsSummary"]
    assert {"CatalogName": "AwsDataCatalog", "Type": "GLUE"}.items() <= catalogs[0].items()


# The libraries that people use


def read(session: boto3.Session, sql: str, **arguments: Any) -> pd.DataFrame:
    return awswrangler.athena.read_sql_query(
        sql, database=DATABASE, s3_output=f"s3://{BUCKET}/wrangler/", boto3_session=session, **arguments
    )


@pytest.mark.parametrize("how", [{"ctas_approach": True}, {"ctas_approach": False}, {"unload_approach": True}])
def test_awswrangler_reads_the_same_by_every_approach(
    athena: Athena, session: boto3.Session, how: dict[str, bool]
) -> None:
    wanted = {"ctas_approach": False} | how
    if wanted.get("unload_approach"):
        wanted |= {"s3_output": f"s3://{BUCKET}/wrangler-unload/"}
    sql = "SELECT id, price, day FROM orders WHERE id < 3 ORDER BY id"
    frame = awswrangler.athena.read_sql_query(
        sql, database=DATABASE, boto3_session=session, **{"s3_output": f"s3://{BUCKET}/wrangler/"} | wanted
    )
    assert frame.sort_values("id").to_dict("list") == {
        "id": [1, 2],
        "price": [Decimal("10.50"), Decimal("0.25")],
        "day": [date(2024, 1, 5), date(2024, 2, 6)],
    }


def test_awswrangler_merges_into_iceberg(athena: Athena, session: boto3.Session) -> None:
    place = {
        "database": DATABASE,
        "table": "merged",
        "table_location": f"s3://{BUCKET}/merged/",
        "temp_path": f"s3://{BUCKET}/merged-temp/",
        "s3_output": f"s3://{BUCKET}/wrangler/",
        "boto3_session": session,
        "keep_files": False,
    }
    awswrangler.athena.to_iceberg(pd.DataFrame({"id": [1, 2], "name": ["a", "b"]}), **place)
    awswrangler.athena.to_iceberg(pd.DataFrame({"id": [2, 3], "name": ["B", "c"]}), merge_cols=["id"], **place)
    assert read(session, "SELECT * FROM merged ORDER BY id", ctas_approach=False).to_dict("list") == {
        "id": [1, 2, 3],
        "name": ["a", "B", "c"],
    }


def test_awswrangler_passes_parameters(athena: Athena, session: boto3.Session) -> None:
    frame = read(
        session, "SELECT id FROM orders WHERE note = ?", params=["''"], paramstyle="qmark", ctas_approach=False
    )
    assert list(frame["id"]) == [3]


@pytest.fixture
def connection(session: boto3.Session) -> Iterator[Any]:
    with pyathena.connect(s3_staging_dir=f"s3://{BUCKET}/pyathena/", schema_name=DATABASE, session=session) as found:
        yield found


def test_pyathena_converts_to_python(athena: Athena, connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("SELECT id, price, placed, day, note FROM orders ORDER BY id")
    assert cursor.fetchall() == [
        (1, Decimal("10.50"), pd.Timestamp(2024, 1, 5, 10).to_pydatetime(), date(2024, 1, 5), 'a, "b"'),
        (2, Decimal("0.25"), pd.Timestamp("2024-02-06 11:30:00.5").to_pydatetime(), date(2024, 2, 6), None),
        (3, None, None, None, ""),
    ]
    cursor.execute("SELECT id FROM orders WHERE id = %(id)d", {"id": 2})
    assert cursor.fetchone() == (2,)
    cursor.execute("DESCRIBE visits")
    assert cursor.fetchone() == ("id                  \tint                 \t                    ",)


@pytest.mark.parametrize("unload", [False, True])
def test_pyathena_makes_frames(athena: Athena, connection: Any, unload: bool) -> None:
    query = "SELECT id, note FROM orders WHERE id < 3 ORDER BY id"
    frame = connection.cursor(PandasCursor, unload=unload).execute(query).as_pandas()
    assert sorted(frame["id"]) == [1, 2]  # UNLOAD writes several files, in no order
