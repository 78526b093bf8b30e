"""CREATE TABLE as Athena's DDL says it: for the catalog where it is external, for Trino where it is Iceberg."""

from typing import Any

import pytest
from local_aws.services.athena_hive_table import TableDefinition, column, read_definition, split_columns, trino_type
from local_aws.services.athena_tables import CatalogError
from local_aws.services.athena_text import Statement
from local_aws.wire import AwsError


def definition(clauses: str, head: str = "CREATE EXTERNAL TABLE t") -> TableDefinition:
    return read_definition(Statement.read(f"{head} {clauses} LOCATION 's3://b/t/'"), "retail")


def serde_of(clauses: str) -> dict[str, Any]:
    serde: dict[str, Any] = definition(clauses).table_input()["StorageDescriptor"]["SerdeInfo"]
    return serde


def test_an_external_table_is_glues_table_input() -> None:
    found = definition("(Id int, note string COMMENT 'x, (y') PARTITIONED BY (dt date COMMENT 'day') STORED AS ORC")
    hadoop = "org.apache.hadoop.hive.ql.io.orc"
    assert found.table_input() == {
        "Name": "t",
        "TableType": "EXTERNAL_TABLE",
        "Owner": "hadoop",
        "PartitionKeys": [{"Name": "dt", "Type": "date", "Comment": "day"}],
        "Parameters": {"EXTERNAL": "TRUE"},
        "StorageDescriptor": {
            "Columns": [{"Name": "id", "Type": "int"}, {"Name": "note", "Type": "string", "Comment": "x, (y"}],
            "Location": "s3://b/t/",
            "InputFormat": f"{hadoop}.OrcInputFormat",
            "OutputFormat": f"{hadoop}.OrcOutputFormat",
            "Compressed": False,
            "NumberOfBuckets": -1,
            "SerdeInfo": {"SerializationLibrary": f"{hadoop}.OrcSerde", "Parameters": {"serialization.format": "1"}},
        },
    }


def test_every_delimiter_of_text_files_reaches_the_serde() -> None:
    found = serde_of(
        r"(a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' ESCAPED BY '\\' COLLECTION ITEMS TERMINATED BY '\002' "
        r"MAP KEYS TERMINATED BY ':' LINES TERMINATED BY '\n' NULL DEFINED AS 'n/a'"
    )
    assert found["Parameters"] == {
        "serialization.format": "\t",
        "field.delim": "\t",
        "escape.delim": "\\",
        "collection.delim": "\x02",
        "mapkey.delim": ":",
        "line.delim": "\n",
        "serialization.null.format": "n/a",
    }


def test_a_serde_of_its_own_overrules_the_format() -> None:
    found = serde_of("(a int) ROW FORMAT SERDE 'x.Y' WITH SERDEPROPERTIES ('k' = 'a=b,c') STORED AS TEXTFILE")
    assert found == {"SerializationLibrary": "x.Y", "Parameters": {"serialization.format": "1", "k": "a=b,c"}}


def test_an_iceberg_table_is_made_by_trino() -> None:
    found = definition(
        "(id bigint COMMENT 'it''s', ts timestamp, tags array<string>) "
        "PARTITIONED BY (day(ts), bucket(16, id), truncate(5, `name`)) "
        "TBLPROPERTIES ('table_type' = 'iceberg', 'format' = 'orc', 'vacuum_min_snapshots_to_keep' = '2')",
        head="CREATE TABLE IF NOT EXISTS gold.t",
    )
    assert found.iceberg_sql() == (
        'CREATE TABLE IF NOT EXISTS awsdatacatalog_iceberg."gold"."t" '
        "(\"id\" BIGINT COMMENT 'it''s', \"ts\" TIMESTAMP(6), \"tags\" ARRAY(VARCHAR)) WITH (location = 's3://b/t', "
        "format = 'ORC', partitioning = ARRAY['day(ts)', 'bucket(id, 16)', 'truncate(name, 5)'], "
        "extra_properties = MAP(ARRAY['vacuum_min_snapshots_to_keep'], ARRAY['2']))"
    )


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        ("(a int) TBLPROPERTIES ('k')", "line 1:47: properties are written"),
        ("(a)", "Expecting: a column's name and type"),
        ("(a int,)", "Expecting: a column's name and type"),
        ("(a int", "missing '\\)'"),
        ("(a int) STORED AS NONSENSE", "Unrecognized file format in STORED AS clause: 'NONSENSE'"),
        ("(a int) SORTED SOMEHOW", "line 1:33: mismatched input 'SORTED'"),
    ],
)
def test_a_clause_that_cannot_be_read_is_refused(clauses: str, message: str) -> None:
    with pytest.raises(AwsError, match=message):
        definition(clauses)


def test_a_table_needs_a_location_and_a_kind() -> None:
    with pytest.raises(AwsError, match="a table needs LOCATION"):
        read_definition(Statement.read("CREATE EXTERNAL TABLE t (a int)"), "retail")
    with pytest.raises(AwsError, match="write CREATE EXTERNAL TABLE, or table_type = 'ICEBERG'"):
        definition("(a int)", head="CREATE TABLE t")


@pytest.mark.parametrize("clauses", ["(a int, A string)", "(a int) PARTITIONED BY (a string)"])
def test_two_columns_of_one_name_are_refused(clauses: str) -> None:
    with pytest.raises(CatalogError, match="Duplicate column name: a"):
        definition(clauses).table_input()


def test_columns_are_split_outside_types_and_quotes() -> None:
    text = r"a decimal(10,2), b struct<x:int,y:map<string,int>>, c int COMMENT 'it\'s, d', `e,f` int"
    assert split_columns(text) == [
        "a decimal(10,2)",
        "b struct<x:int,y:map<string,int>>",
        r"c int COMMENT 'it\'s, d'",
        "`e,f` int",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`Date` DATE", {"Name": "date", "Type": "date"}),
        ("s struct< a : int >", {"Name": "s", "Type": "struct<a:int>"}),
        ('n INTEGER comment "it\'s"', {"Name": "n", "Type": "int", "Comment": "it's"}),
        (r"n int COMMENT 'it\'s C:\\dir'", {"Name": "n", "Type": "int", "Comment": r"it's C:\dir"}),
    ],
)
def test_a_column_is_kept_as_hive_keeps_it(text: str, found: dict[str, str]) -> None:
    assert column(text) == found


@pytest.mark.parametrize(
    ("hive", "trino"),
    [
        ("float", "REAL"),
        ("binary", "VARBINARY"),
        ("decimal(10,2)", "DECIMAL(10, 2)"),
        ("map<string,array<timestamp>>", "MAP(VARCHAR, ARRAY(TIMESTAMP(6)))"),
        ("struct<a:int,b:array<string>>", "ROW(a INTEGER, b ARRAY(VARCHAR))"),
    ],
)
def test_hives_types_are_trinos(hive: str, trino: str) -> None:
    assert trino_type(hive) == trino


def test_a_type_that_there_is_not_is_named() -> None:
    with pytest.raises(AwsError, match="type expected, found 'nosuchtype'"):
        trino_type("nosuchtype")
