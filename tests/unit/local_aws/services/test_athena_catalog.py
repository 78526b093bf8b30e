"""SHOW, DESCRIBE, ALTER and MSCK against a Glue catalog: what Athena answers, and what the catalog holds afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from local_aws.services.athena_catalog import Catalog, CatalogError
from local_aws.services.athena_plan import Plan
from local_aws.services.athena_results import Results
from local_aws.services.athena_text import Statement
from moto import mock_aws


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """Database retail with `visits`, partitioned by day and hour, over an empty bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        results = Results(tmp_path, s3)
        found = Catalog(boto3.client("glue", region_name="us-east-1"), results.list_files, results.read)
        do(found, "CREATE DATABASE retail COMMENT 'it''s ours' WITH DBPROPERTIES ('a' = 'b')")
        do(
            found,
            r"CREATE EXTERNAL TABLE visits (id int COMMENT 'who\'s', tags array<string>) "
            "PARTITIONED BY (day string, hour string) STORED AS PARQUET LOCATION 's3://lake/visits/'",
        )
        yield found


def do(catalog: Catalog, query: str) -> Any:
    return catalog.answer(Statement.read(query), "retail")


def rows(catalog: Catalog, query: str) -> list[str]:
    return ["|".join(row) for row in do(catalog, query)[1]]


def locations(catalog: Catalog) -> dict[tuple[str, ...], str]:
    found = catalog.partitions(catalog.get("retail", "visits"))
    return {tuple(part["Values"]): part["StorageDescriptor"]["Location"] for part in found}


def iceberg(catalog: Catalog) -> None:
    parameters = {"table_type": "ICEBERG", "metadata_location": "s3://lake/t/1.json"}
    columns = [
        {"Name": "id", "Type": "int", "Parameters": {"iceberg.field.current": "true"}},
        {"Name": "gone", "Type": "int", "Parameters": {"iceberg.field.current": "false"}},
    ]
    table = {"Name": "t", "Parameters": parameters, "StorageDescriptor": {"Columns": columns}}
    catalog.glue.create_table(DatabaseName="retail", TableInput=table)


def test_a_database_keeps_its_comment_and_properties(catalog: Catalog) -> None:
    do(catalog, "ALTER DATABASE retail SET DBPROPERTIES ('a' = 'c', 'd' = 'e')")
    found = catalog.glue.get_database(Name="retail")["Database"]
    assert (found["Description"], found["Parameters"]) == ("it's ours", {"a": "c", "d": "e"})


@pytest.mark.parametrize(
    ("pattern", "tables"),
    [
        ("", ["orders", "visits"]),
        ("'vis*'", ["visits"]),
        ("'VIS*|ord*'", ["orders", "visits"]),
        ("'[ov].*s'", ["orders", "visits"]),
        ("'vis'", []),
        ("IN Retail 'o*'", ["orders"]),
    ],
)
def test_tables_are_shown_by_athenas_patterns(catalog: Catalog, pattern: str, tables: list[str]) -> None:
    do(catalog, "CREATE EXTERNAL TABLE orders (id int) LOCATION 's3://lake/orders/'")
    assert rows(catalog, f"SHOW TABLES {pattern}") == tables


def test_a_pattern_that_is_none_is_named(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match=r"'\(\[' is not a pattern"):
        do(catalog, "SHOW TABLES '(['")


def test_describe_prints_partition_columns_twice(catalog: Catalog) -> None:
    lines = [line.rstrip(" |").replace(" ", "") for line in rows(catalog, "DESCRIBE FORMATTED visits")]
    assert lines == [
        "id|int|who's", "tags|array<string>", "day|string", "hour|string", "", "#PartitionInformation",
        "#col_name|data_type|comment", "", "day|string", "hour|string",
    ]  # fmt: skip


def test_what_show_create_table_prints_makes_the_same_table(catalog: Catalog) -> None:
    do(catalog, r"ALTER TABLE visits SET TBLPROPERTIES ('note' = 'it\'s a \\ and a tab\t')")
    before = catalog.get("retail", "visits")
    printed = "\n".join(rows(catalog, "SHOW CREATE TABLE visits"))
    do(catalog, "DROP TABLE visits")
    do(catalog, printed)
    after = catalog.get("retail", "visits")
    same = ("Parameters", "PartitionKeys", "StorageDescriptor", "TableType")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert after["Parameters"]["note"] == "it's a \\ and a tab\t"


def test_partitions_are_added_where_hive_puts_them(catalog: Catalog) -> None:
    do(
        catalog,
        "ALTER TABLE visits ADD PARTITION (hour = '10:30', day = DATE '2024-01-01') "
        "PARTITION (day = '2024-01-02', hour = '9') LOCATION 's3://lake/elsewhere/'",
    )
    assert locations(catalog) == {
        ("2024-01-01", "10:30"): "s3://lake/visits/day=2024-01-01/hour=10%3A30/",
        ("2024-01-02", "9"): "s3://lake/elsewhere/",
    }
    assert rows(catalog, "SHOW PARTITIONS visits") == ["day=2024-01-01/hour=10%3A30", "day=2024-01-02/hour=9"]
    with pytest.raises(CatalogError, match="Partition already exists"):
        do(catalog, "ALTER TABLE visits ADD PARTITION (day = '2024-01-02', hour = '9')")
    do(catalog, "ALTER TABLE visits ADD IF NOT EXISTS PARTITION (day = '2024-01-02', hour = '9')")


def test_a_part_of_a_partitions_name_drops_all_that_it_fits(catalog: Catalog) -> None:
    for hour in ("1", "2"):
        do(catalog, f"ALTER TABLE visits ADD PARTITION (day = 'a', hour = '{hour}') PARTITION (day='b', hour='{hour}')")
    do(catalog, "ALTER TABLE visits DROP PARTITION (day = 'a'), PARTITION (day = 'b', hour = '1')")
    assert set(locations(catalog)) == {("b", "2")}
    with pytest.raises(CatalogError, match="Partition not found"):
        do(catalog, "ALTER TABLE visits DROP PARTITION (day = 'a')")
    do(catalog, "ALTER TABLE visits DROP IF EXISTS PARTITION (day = 'a')")
    with pytest.raises(CatalogError, match="week is not a partition column"):
        do(catalog, "ALTER TABLE visits DROP PARTITION (week = '1')")


def test_a_renamed_partition_keeps_its_place(catalog: Catalog) -> None:
    do(catalog, "ALTER TABLE visits ADD PARTITION (day = 'a', hour = '1') LOCATION 's3://lake/here/'")
    do(catalog, "ALTER TABLE visits PARTITION (day = 'a', hour = '1') RENAME TO PARTITION (day = 'b', hour = '2')")
    assert locations(catalog) == {("b", "2"): "s3://lake/here/"}
    with pytest.raises(CatalogError, match="lacks a value for hour"):
        do(catalog, "ALTER TABLE visits PARTITION (day = 'b') SET LOCATION 's3://lake/there/'")


def test_repair_registers_the_folders_as_they_are_named(catalog: Catalog) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    for key in ("Day=a/HOUR=10%3A30/x", "day=a/hour=2/deep/er/x", "hour=1/day=a/x", "day=c/x", "x"):
        s3.put_object(Bucket="lake", Key=f"visits/{key}", Body=b"x")
    do(catalog, "ALTER TABLE visits ADD PARTITION (day = 'a', hour = '2')")
    assert rows(catalog, "MSCK REPAIR TABLE visits") == [
        "Partitions not in metastore:|visits:Day=a/HOUR=10%3A30",
        "Repair: Added partition to metastore visits:Day=a/HOUR=10%3A30",
    ]
    assert locations(catalog)["a", "10:30"] == "s3://lake/visits/Day=a/HOUR=10%3A30/"
    assert rows(catalog, "MSCK REPAIR TABLE visits") == []


@pytest.mark.parametrize(
    ("change", "sql"),
    [
        ("ADD COLUMNS (a string, b timestamp)", ['ADD COLUMN "a" VARCHAR', 'ADD COLUMN "b" TIMESTAMP(6)']),
        ("DROP COLUMN id", ['DROP COLUMN "id"']),
        ("CHANGE COLUMN Id key bigint", ['RENAME COLUMN "id" TO "key"', 'ALTER COLUMN "key" SET DATA TYPE BIGINT']),
        ("CHANGE ID id bigint", ['ALTER COLUMN "id" SET DATA TYPE BIGINT']),
        (
            "SET TBLPROPERTIES ('format' = 'orc', 'write_compression' = 'zstd')",
            ["SET PROPERTIES format = 'ORC', extra_properties = MAP(ARRAY['write_compression'], ARRAY['zstd'])"],
        ),
    ],
)
def test_an_iceberg_table_is_altered_by_trino(catalog: Catalog, change: str, sql: list[str]) -> None:
    iceberg(catalog)
    alter = 'ALTER TABLE awsdatacatalog_iceberg."retail"."t"'
    assert do(catalog, f"ALTER TABLE t {change}") == Plan([f"{alter} {part}" for part in sql])


def test_an_iceberg_table_shows_its_current_columns_and_partitioning(catalog: Catalog) -> None:
    iceberg(catalog)
    metadata = """{"location": "s3://lake/t", "properties": {"write_compression": "zstd"},
        "current-schema-id": 1, "schemas": [{"schema-id": 0, "fields": []},
        {"schema-id": 1, "fields": [{"id": 1, "name": "id"}, {"id": 2, "name": "ts"}]}],
        "default-spec-id": 2, "partition-specs": [{"spec-id": 0, "fields": []}, {"spec-id": 2, "fields": [
        {"source-id": 2, "transform": "day"}, {"source-id": 1, "transform": "bucket[4]"},
        {"source-id": 1, "transform": "void"}, {"source-id": 1, "transform": "identity"}]}]}"""
    boto3.client("s3", region_name="us-east-1").put_object(Bucket="lake", Key="t/1.json", Body=metadata.encode())
    assert rows(catalog, "SHOW COLUMNS IN t") == [f"{'id':<20}"]
    assert rows(catalog, "SHOW CREATE TABLE t") == [
        "CREATE TABLE retail.t (",
        "  id int)",
        "PARTITIONED BY (`day(ts)`, `bucket(4, id)`, `id`)",
        "LOCATION 's3://lake/t'",
        "TBLPROPERTIES (",
        "  'table_type'='iceberg',",
        "  'write_compression'='zstd'",
        ")",
    ]


def test_the_catalogs_own_no_is_the_reason(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="EntityNotFoundException"):
        do(catalog, "DESCRIBE nowhere.nothing")
    with pytest.raises(CatalogError, match="Database retail is not empty"):
        do(catalog, "DROP DATABASE retail")
    assert do(catalog, "DROP TABLE IF EXISTS nothing") == ([], [])
