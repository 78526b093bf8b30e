"""Redshift's SQL as Trino must be asked for it, and what is refused rather than answered otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from local_aws.services.redshift_schemas import StatementError
from redshift_world import ANALYST, World, redshift_world

ORDERS = '"awsdatacatalog"."shop_gold"."orders" AS "orders"'


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with redshift_world(tmp_path_factory.mktemp("redshift")) as made:
        yield made


def expression(world: World, sql: str, **parameters: str) -> str:
    """What becomes of one expression over the table of orders."""
    whole = world.sql(f"SELECT {sql} AS x FROM shop.orders", **parameters)
    return whole.removeprefix("SELECT ").removesuffix(f' AS "x" FROM {ORDERS}').replace('"orders".', "")


def test_a_schema_stands_for_its_glue_database(world: World) -> None:
    assert world.sql("SELECT COUNT(*) AS n FROM Shop.Orders") == f'SELECT COUNT(*) AS "n" FROM {ORDERS}'
    assert world.sql("SELECT COUNT(*) AS n FROM dev.shop.orders") == f'SELECT COUNT(*) AS "n" FROM {ORDERS}'


def test_a_common_table_expression_hides_a_table_of_its_name(world: World) -> None:
    found = world.sql("WITH orders AS (SELECT 1 AS a) SELECT a FROM orders")
    assert found == 'WITH "orders" AS (SELECT 1 AS "a") SELECT "orders"."a" AS "a" FROM "orders" AS "orders"'


@pytest.mark.parametrize(
    ("redshift", "trino"),
    [
        ("NVL(status, 'none')", "COALESCE(\"status\", 'none')"),
        ("DECODE(status, 'a', 1, 0)", "CASE WHEN \"status\" = 'a' THEN 1 ELSE 0 END"),
        ("status || '!'", "CONCAT(CAST(\"status\" AS VARCHAR), CAST('!' AS VARCHAR))"),
        ("price::INT", 'CAST("price" AS INTEGER)'),
        ("TO_CHAR(day, 'YYYY-MM')", "DATE_FORMAT(\"day\", '%Y-%m')"),
        # borders crossed, not whole units: from 31 January to 1 February is one month
        (
            "DATEDIFF(month, day, at)",
            "DATE_DIFF('MONTH', CAST(DATE_TRUNC('MONTH', CAST(\"day\" AS TIMESTAMP)) AS TIMESTAMP), "
            "CAST(DATE_TRUNC('MONTH', CAST(\"at\" AS TIMESTAMP)) AS TIMESTAMP))",
        ),
        ("DATE_TRUNC('month', day)", "DATE_TRUNC('MONTH', CAST(\"day\" AS TIMESTAMP))"),
        ("GETDATE()", "CAST(CURRENT_TIMESTAMP AS TIMESTAMP)"),
        ("EXTRACT(year FROM day)", 'CAST(EXTRACT(YEAR FROM "day") AS INTEGER)'),
        ("day + 7", "DATE_ADD('DAY', 7, \"day\")"),
        ("AVG(units)", 'CAST(TRUNCATE(AVG("units")) AS BIGINT)'),
        ("AVG(units) OVER ()", 'CAST(TRUNCATE(AVG("units") OVER ()) AS BIGINT)'),
        ("SUM(units)", 'SUM(CAST("units" AS DECIMAL(38, 0)))'),
        # scale = max(4, s1 + p2 - s2 + 1) = 2 + 10 - 2 + 1
        ("price / price", 'CAST(CAST("price" AS DECIMAL(38, 11)) / "price" AS DECIMAL(21, 11))'),
        ("GREATEST(units, 1)", 'ARRAY_MAX(FILTER(ARRAY["units", 1], "v" -> NOT "v" IS NULL))'),
    ],
)
def test_what_means_another_thing_in_trino_is_rewritten(world: World, redshift: str, trino: str) -> None:
    assert expression(world, redshift) == trino


def test_nulls_stand_where_redshift_puts_them(world: World) -> None:
    assert world.sql("SELECT day FROM shop.orders ORDER BY day DESC").endswith('"day" DESC NULLS FIRST')


@pytest.mark.parametrize(
    ("condition", "trino"),
    [
        ("day >= '2024-01-31'", "\"day\" >= CAST('2024-01-31' AS DATE)"),
        ("day BETWEEN '2024-01-01' AND :until", "\"day\" BETWEEN CAST('2024-01-01' AS DATE) AND CAST('9' AS DATE)"),
        ("orderId IN ('1', :until)", "\"orderid\" IN (CAST('1' AS INTEGER), CAST('9' AS INTEGER))"),
        ("price > :until", "\"price\" > CAST('9' AS DECIMAL(10, 2))"),
        ("status = :until", "\"status\" = '9'"),
    ],
)
def test_a_quoted_value_or_parameter_takes_the_type_that_it_meets(world: World, condition: str, trino: str) -> None:
    found = world.sql(f"SELECT 1 AS x FROM shop.orders WHERE {condition}", until="9")
    assert found.partition(" WHERE ")[2].replace('"orders".', "") == trino


def test_a_parameter_is_a_value_and_never_sql(world: World) -> None:
    found = world.sql("SELECT 1 AS x FROM shop.orders WHERE status = :s LIMIT :n", s="' OR 1 = 1 --", n="3")
    assert found.partition(" WHERE ")[2] == "\"orders\".\"status\" = ''' OR 1 = 1 --' LIMIT 3"
    with pytest.raises(StatementError, match='invalid input syntax for integer: "3; DROP"'):
        world.sql("SELECT 1 FROM shop.orders LIMIT :n", n="3; DROP")
    with pytest.raises(StatementError, match="no value is given for the parameter :s"):
        world.sql("SELECT 1 FROM shop.orders WHERE status = :s")


def test_columns_are_called_as_redshift_calls_them(world: World) -> None:
    query = "SELECT orderId AS OrderId, COUNT(*), SUM(price), day::VARCHAR, 1 + 1 FROM shop.orders GROUP BY 1, 4"
    assert world.translate(query).names == ["orderid", "count", "sum", "day", "?column?"]
    assert world.translate("SELECT * FROM shop.orders").names is None


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC 1", 'syntax error at or near "1"'),
        ("", "syntax error at end of input"),
        ("SELECT 1; SELECT 2", "Multiple sql statements are not allowed"),
        ("SELECT nope FROM shop.orders", 'column "nope" does not exist'),
        ("SELECT 1 FROM shop.nope", 'relation "shop.nope" does not exist'),
        ("SELECT 1 FROM nope.orders", 'schema "nope" does not exist'),
        ("SELECT 1 FROM orders", 'relation "orders" does not exist'),
        ("SELECT 1 FROM other.shop.orders", "does not emulate queries across databases"),
        ("SELECT 1 FROM shop.report", "is a view of Athena's"),
        ("SELECT 1 FROM shop.feed", "has projected partitions"),
        # what Redshift lacks, though sqlglot and Trino have it
        ("SELECT MAX_BY(day, price) FROM shop.orders", "function max_by does not exist"),
        ("SELECT SUM(price) FILTER (WHERE units > 1) FROM shop.orders", 'syntax error at or near "FILTER"'),
        ("SELECT 1 FROM shop.orders WHERE status IS DISTINCT FROM 'a'", 'syntax error at or near "DISTINCT"'),
        ("SELECT SUM(price) OVER (ORDER BY day) FROM shop.orders", "require a frame clause"),
        (
            "SELECT SUM(price) OVER (ORDER BY units RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM shop.orders",
            "only ROWS window frames",
        ),
        ("SELECT COUNT(DISTINCT day) OVER (PARTITION BY status) FROM shop.orders", "DISTINCT is not implemented"),
        ("SELECT CAST(1 AS TINYINT)", "the type TINYINT"),
        # what Redshift has and local AWS lacks: refused by name, never done
        ("CREATE TABLE mine (a INT)", "does not emulate CREATE statements"),
        ("INSERT INTO shop.orders VALUES (1)", "does not emulate INSERT statements"),
        ("UNLOAD ('SELECT 1') TO 's3://lake/' IAM_ROLE 'x'", "does not emulate UNLOAD statements"),
        ("SELECT 1 AS a INTO mine", "does not emulate SELECT INTO"),
        ("SELECT MEDIAN(price) FROM shop.orders", "function median does not exist, or local-aws does not emulate it"),
        ("SELECT DATEDIFF(week, day, at) FROM shop.orders", "does not emulate DATEDIFF in weeks"),
    ],
)
def test_what_cannot_be_answered_truly_is_refused(world: World, sql: str, message: str) -> None:
    with pytest.raises(StatementError, match=message):
        world.sql(sql)


def test_a_user_without_usage_reads_nothing(world: World) -> None:
    with pytest.raises(StatementError, match="permission denied for schema shop"):
        world.translate("SELECT 1 FROM shop.orders", ANALYST)
    world.obey("GRANT USAGE ON SCHEMA shop TO PUBLIC")
    assert world.translate("SELECT 1 FROM shop.orders", ANALYST).names == ["?column?"]
    world.obey("REVOKE USAGE ON SCHEMA shop FROM PUBLIC")
    with pytest.raises(StatementError, match="permission denied for schema shop"):
        world.translate("SELECT 1 FROM shop.orders", ANALYST)


def test_the_catalog_can_be_asked_for(world: World) -> None:
    found = world.sql("SELECT schemaname, databasename FROM svv_external_schemas")
    assert "CAST('shop' AS VARCHAR) AS \"schemaname\", CAST('shop_gold' AS VARCHAR) AS \"databasename\"" in found
    columns = world.sql("SELECT external_type FROM svv_external_columns WHERE tablename = 'orders'")
    assert "CAST('decimal(10,2)' AS VARCHAR)" in columns
    assert "CAST('varchar' AS VARCHAR)" in columns


@pytest.mark.parametrize(
    "query", sorted((Path(__file__).parents[4] / "sql" / "redshift").glob("*.sql")), ids=lambda p: p.stem
)
def test_the_shipped_queries_use_nothing_that_redshift_lacks(world: World, query: Path) -> None:
    with pytest.raises(StatementError, match='schema "retail_gold" does not exist'):
        world.sql(query.read_text())
