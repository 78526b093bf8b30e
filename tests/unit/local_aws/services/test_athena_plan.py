"""What Trino is asked for a statement of Athena's."""

import pytest
from local_aws.services.athena_plan import Plan, Wishes, literal, plan, with_parameters
from local_aws.services.athena_text import Statement
from local_aws.wire import AwsError

HIVE, ICEBERG, UNLOAD = "awsdatacatalog", "awsdatacatalog_iceberg", "awsdatacatalog_unload"


def planned(query: str, *, enforced: bool = False, **properties: str) -> Plan:
    wishes = Wishes("id-1", "s3://out/", enforced, lambda *_: properties)
    return plan(Statement.read(query), "retail", wishes)


def test_a_query_goes_as_it_was_written() -> None:
    query = "SELECT \"A\" FROM t -- why\nWHERE x = ';'"
    assert planned(query) == Plan([query])


def test_create_table_as_goes_below_the_results_as_gzipped_parquet() -> None:
    assert planned("CREATE TABLE t AS SELECT 1 AS a") == Plan(
        [
            f'CREATE TABLE {HIVE}."retail"."t" WITH (external_location = \'s3://out/tables/id-1/\', '
            "format = 'PARQUET') AS SELECT 1 AS a"
        ],
        session={f"{HIVE}.compression_codec": "GZIP"},
        writes=("retail", "t"),
        must_be_empty="s3://out/tables/id-1/",
    )


def test_create_table_as_iceberg_takes_athenas_properties_off_trino() -> None:
    found = planned(
        "CREATE TABLE IF NOT EXISTS Gold.T WITH (table_type = 'ICEBERG', is_external = false, location = 's3://b/t/', "
        "write_compression = 'snappy', partitioning = ARRAY['day(ts)']) AS WITH q AS (SELECT 1) SELECT * FROM q"
    )
    assert found == Plan(
        [
            f'CREATE TABLE IF NOT EXISTS {ICEBERG}."gold"."t" WITH (partitioning = ARRAY[\'day(ts)\'], '
            "location = 's3://b/t', format = 'PARQUET') AS WITH q AS (SELECT 1) SELECT * FROM q"
        ],
        session={f"{ICEBERG}.compression_codec": "SNAPPY"},
        writes=("gold", "t"),
        must_be_empty=None,  # the table may be there, with its data
    )


@pytest.mark.parametrize(
    ("query", "enforced", "message"),
    [
        ("CREATE TABLE t WITH (table_type = 'ICEBERG') AS SELECT 1", False, "need the property location"),
        ("CREATE TABLE t WITH (external_location = 's3://b/') AS SELECT 1", True, "enforces a centralized output"),
        ("CREATE TABLE t WITH (write_compression = 'BROTLI') AS SELECT 1", False, "unsupported compression 'BROTLI'"),
        ("UNLOAD (SELECT 1) TO 's3://b/'", False, "UNLOAD needs WITH"),
        ("UNLOAD (SELECT 1) 's3://b/' WITH (format = 'ORC')", False, "Expecting: TO"),
        ("OPTIMIZE t", False, "REWRITE DATA USING BIN_PACK"),
    ],
)
def test_what_athena_refuses_is_refused(query: str, enforced: bool, message: str) -> None:
    with pytest.raises(AwsError, match=message):
        planned(query, enforced=enforced)


def test_where_the_workgroup_decides_an_iceberg_table_needs_no_location() -> None:
    found = planned("CREATE TABLE t WITH (table_type = 'ICEBERG') AS SELECT 1", enforced=True)
    assert "location = 's3://out/tables/id-1'" in found.sql[0]


def test_unload_writes_text_as_it_was_asked_to_and_leaves_no_table() -> None:
    found = planned(
        "UNLOAD (SELECT ')' AS a) TO 's3://b/x/' WITH (format = 'TEXTFILE', field_delimiter = '|', "
        "compression = 'none', partitioned_by = ARRAY['a'])"
    )
    assert found == Plan(
        [
            f"CREATE SCHEMA IF NOT EXISTS {UNLOAD}.unload",
            f"CREATE TABLE {UNLOAD}.unload.\"id-1\" WITH (format = 'TEXTFILE', external_location = 's3://b/x/', "
            "partitioned_by = ARRAY['a'], textfile_field_separator = '|') AS SELECT ')' AS a",
        ],
        session={f"{UNLOAD}.compression_codec": "NONE"},
        unloads_to="s3://b/x/",
        must_be_empty="s3://b/x/",
        cleanup=[f'DROP TABLE IF EXISTS {UNLOAD}.unload."id-1"'],
    )


def test_optimize_keeps_its_filter() -> None:
    assert planned("OPTIMIZE gold.t REWRITE DATA USING BIN_PACK WHERE day > 'x'").sql == [
        f'ALTER TABLE {ICEBERG}."gold"."t" EXECUTE optimize WHERE day > \'x\''
    ]


@pytest.mark.parametrize(
    ("properties", "age"), [({}, "432000s"), ({"vacuum_max_snapshot_age_seconds": "60"}, "60s")], ids=["default", "own"]
)
def test_vacuum_expires_by_the_tables_own_age_then_removes_orphans(properties: dict[str, str], age: str) -> None:
    table = f'ALTER TABLE {ICEBERG}."retail"."t" EXECUTE'
    assert planned("VACUUM t", **properties).sql == [
        f"{table} expire_snapshots(retention_threshold => '{age}')",
        f"{table} remove_orphan_files(retention_threshold => '{age}')",
    ]


@pytest.mark.parametrize(
    ("parameter", "sql"),
    [
        ("-1.5e3", "-1.5e3"),
        (" 5 ", "5"),
        ("DATE '2024-01-01'", "DATE '2024-01-01'"),
        ("'it''s'", "'it''s'"),
        ("null", "null"),
        ("abc", "'abc'"),
        ("it's", "'it''s'"),
        ("", "''"),
        ("'a' OR 1 = 1 --'", "'''a'' OR 1 = 1 --'''"),  # no way out of the quotes
        ("date '2024-01-01' OR 'x'", "'date ''2024-01-01'' OR ''x'''"),
    ],
)
def test_a_parameter_is_a_literal_or_text(parameter: str, sql: str) -> None:
    assert literal(parameter) == sql


def test_parameters_are_bound_by_trino() -> None:
    assert with_parameters("SELECT 'a' WHERE x = ?", ["it's"]) == (
        "EXECUTE IMMEDIATE 'SELECT ''a'' WHERE x = ?' USING 'it''s'"
    )
