"""Reading a statement: tokens, kinds, comments and names, and nothing guessed about what stands in quotes."""

import pytest
from local_aws.services.athena_text import Statement, parts_of, properties
from local_aws.wire import AwsError


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("-- first\n/* ; */ ;;SELECT 1;", "SELECT 1"),
        ("SELECT ';' ; -- done", "SELECT ';'"),
        ("SELECT 1;\n/* done */\n", "SELECT 1"),
        ("SELECT 'it''s -- ; no comment'", "SELECT 'it''s -- ; no comment'"),
        (r"SELECT '\'", r"SELECT '\'"),  # in SQL a backslash is a letter
        ("SELECT 1 -- ends with a comment;", "SELECT 1 -- ends with a comment;"),
    ],
)
def test_a_statement_is_its_text_without_what_surrounds_it(query: str, text: str) -> None:
    assert Statement.read(query).text == text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "<EOF>"),
        (" ; ", "<EOF>"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed"),
        ("SELECT 'open", "line 1:8: mismatched input ''': a quote is not closed"),
        ('SELECT "open', "a quote is not closed"),
        ("USE retail", "mismatched input 'USE'"),
        ("DESCRIBE", "line 1:9: mismatched input '<EOF>'"),
        ("SHOW", "line 1:5: mismatched input '<EOF>'"),
    ],
)
def test_what_is_not_one_statement_is_refused_with_its_place(query: str, message: str) -> None:
    with pytest.raises(AwsError) as refused:
        Statement.read(query)
    assert refused.value.code == "InvalidRequestException"
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("(SELECT 1)", ("DML", "SELECT")),
        ("WITH q AS (SELECT 1) SELECT * FROM q", ("DML", "SELECT")),
        ("INSERT INTO t VALUES (1)", ("DML", "INSERT_INTO")),
        ("CREATE TABLE as_is AS SELECT 1", ("DDL", "CREATE_TABLE_AS_SELECT")),
        ("CREATE TABLE t AS (SELECT 1)", ("DDL", "CREATE_TABLE_AS_SELECT")),
        ("CREATE TABLE t (a int) STORED AS PARQUET LOCATION 's3://b/'", ("DDL", "CREATE_TABLE")),
        ("CREATE TABLE t (`as` int) LOCATION 's3://b/'", ("DDL", "CREATE_TABLE")),
        ("CREATE EXTERNAL TABLE IF NOT EXISTS t (a int)", ("DDL", "CREATE_TABLE")),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", ("DDL", "CREATE_VIEW")),
        ("CREATE SCHEMA IF NOT EXISTS retail", ("DDL", "CREATE_DATABASE")),
        ("DROP TABLE IF EXISTS view_of_tables", ("DDL", "DROP_TABLE")),
        ("ALTER TABLE t ADD COLUMNS (a int)", ("DDL", "ALTER_TABLE")),
        ("MSCK REPAIR TABLE t", ("DDL", "MSCK_REPAIR_TABLE")),
        ("PREPARE by_id FROM SELECT 1", ("DDL", "PREPARE")),
        ("SHOW CREATE TABLE t", ("UTILITY", "SHOW_CREATE")),
        ("desc t", ("UTILITY", "DESC")),
    ],
)
def test_the_kind_says_what_is_done_never_to_what(query: str, kind: tuple[str, str]) -> None:
    assert Statement.read(query).kind == kind


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("DESCRIBE Orders", ("retail", "orders")),
        ('DESCRIBE "Gold"."Orders"', ("gold", "orders")),
        ("DESCRIBE awsdatacatalog.gold.orders", ("gold", "orders")),
        ("DESCRIBE `gold.orders`", ("gold", "orders")),  # as SHOW CREATE TABLE writes it
    ],
)
def test_a_tables_name_may_carry_its_database_and_catalog(query: str, name: tuple[str, str]) -> None:
    if '"' in query:
        query = query.replace("DESCRIBE", "VACUUM")  # in Hive's statements "…" is a string
    assert Statement.read(query).name_at(1, "retail")[:2] == name


def test_in_hives_ddl_double_quotes_and_backslashes_make_strings() -> None:
    statement = Statement.read(r"""ALTER TABLE t SET TBLPROPERTIES ("a" = 'tab\t', 'b' = 'it\'s \001')""")
    assert [token.text for token in statement.tokens if token.kind == "string"] == ["a", "tab\t", "b", "it's \x01"]


def test_a_word_is_found_outside_parentheses_and_quotes_only() -> None:
    statement = Statement.read("CREATE TABLE t WITH (comment = 'x') AS SELECT cast(a AS int) FROM u")
    assert statement.text_from(statement.find("AS") + 1) == "SELECT cast(a AS int) FROM u"


def test_the_inside_of_a_parenthesis_ends_at_its_own_partner() -> None:
    assert Statement.read("UNLOAD (SELECT ')' || f(1)) TO 's3://b/'").inside(1) == "SELECT ')' || f(1)"
    with pytest.raises(AwsError, match=r"missing '\)'"):
        Statement.read("UNLOAD (SELECT f(1) TO 's3://b/'").inside(1)


def test_properties_are_split_at_their_own_commas() -> None:
    assert properties("format = 'ORC', partitioned_by = ARRAY['a,b', 'c'], \"Bucket_Count\" = 3") == {
        "format": "'ORC'",
        "partitioned_by": "ARRAY['a,b', 'c']",
        "bucket_count": "3",
    }
    assert parts_of("'a,b', f(1, 2), ARRAY[1,2]") == ["'a,b'", "f(1, 2)", "ARRAY[1,2]"]
    assert parts_of("") == []
