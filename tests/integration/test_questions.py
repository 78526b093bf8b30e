"""Each business question, asked of Athena by every client that analysts use, equals the same one asked of MySQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import awswrangler
import boto3
import pytest
from batch_etl.analytics.athena import ask
from pyathena import connect
from source_database.addresses import find_source

pytestmark = pytest.mark.local_aws

CHECKOUT = Path(__file__).resolve().parents[2]
ATHENA, MYSQL = CHECKOUT / "sql" / "athena", CHECKOUT / "sql" / "mysql" / "questions"
QUESTIONS = sorted(path.stem for path in ATHENA.glob("*.sql"))
WORKGROUP, DATABASE = "retail-analytics", "retail_gold"
Rows: TypeAlias = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def session(applied: Any) -> Iterator[boto3.Session]:
    """A session that finds local AWS as a user's does: by the environment of `make env`."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in applied.env.items():
            if name.startswith("AWS_"):
                environment.setenv(name, value)
        yield boto3.Session(region_name="us-east-1")


@pytest.fixture(scope="module")
def mysql(applied: Any) -> Iterator[Callable[[str], tuple[list[str], Rows]]]:
    source = find_source(environment=applied.env, aws=applied.client)
    with source.connect(source.address.database) as connection, connection.cursor() as cursor:

        def asked(name: str) -> tuple[list[str], Rows]:
            cursor.execute((MYSQL / f"{name}.sql").read_text())
            return [column[0].lower() for column in cursor.description], comparable(cursor.fetchall())

        yield asked


def by_boto3(session: boto3.Session, sql: str) -> tuple[list[str], Rows]:
    answer = ask(session.client("athena"), sql, workgroup=WORKGROUP, database=DATABASE)
    return [column.name for column in answer.columns], [*answer.rows]


def by_awswrangler(session: boto3.Session, sql: str) -> tuple[list[str], Rows]:
    return of_frame(wrangled(session, sql, ctas_approach=False))


def by_awswrangler_ctas(session: boto3.Session, sql: str) -> tuple[list[str], Rows]:
    return of_frame(wrangled(session, sql, ctas_approach=True))


def wrangled(session: boto3.Session, sql: str, **options: Any) -> Any:
    return awswrangler.athena.read_sql_query(
        sql, database=DATABASE, workgroup=WORKGROUP, boto3_session=session, **options
    )


def by_pyathena(session: boto3.Session, sql: str) -> tuple[list[str], Rows]:
    with connect(session=session, work_group=WORKGROUP, schema_name=DATABASE) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return [column[0] for column in cursor.description or ()], [tuple(row) for row in cursor.fetchall()]


CLIENTS = {client.__name__: client for client in (by_boto3, by_awswrangler, by_awswrangler_ctas, by_pyathena)}


def of_frame(frame: Any) -> tuple[list[str], Rows]:
    rows = frame.astype(object).where(frame.notna(), None)
    return [str(name) for name in rows.columns], [tuple(row) for row in rows.itertuples(index=False)]


def comparable(rows: Any) -> Rows:
    """Rows whose figures compare by value: 1, 1.0 and Decimal('1.00') are one, whatever type a client gives them."""
    return [tuple(_comparable(value) for value in row) for row in rows]


def _comparable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, str | date | bool):
        return value
    return Decimal(str(value)).normalize()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_athena_answers_as_the_source_does(
    session: boto3.Session, mysql: Callable[[str], tuple[list[str], Rows]], name: str, client: str
) -> None:
    sql = (ATHENA / f"{name}.sql").read_text()
    names, expected = mysql(name)
    assert expected, "the demo data must give this question something to answer"
    columns, rows = CLIENTS[client](session, sql)
    assert [column.lower() for column in columns] == names
    # CTAS stores a table, which has no order: its rows are compared as a set, all others in their order.
    if client == "by_awswrangler_ctas":
        assert sorted(comparable(rows), key=repr) == sorted(expected, key=repr)
    else:
        assert comparable(rows) == expected


def test_there_are_ten_questions_and_each_has_its_rival() -> None:
    assert len(QUESTIONS) == 10
    assert sorted(path.stem for path in MYSQL.glob("*.sql")) == QUESTIONS


def test_retail_questions_prints_every_answer_with_its_cost(applied: Any) -> None:
    printed = applied.run("retail", "questions", "--rows", "3").stdout
    for name in QUESTIONS:
        title = (ATHENA / f"{name}.sql").read_text().splitlines()[0].removeprefix("-- ")
        assert title in printed
    assert "10 questions" in printed
    assert printed.count("scanned") == 11


def test_an_unknown_question_is_refused_by_name(applied: Any) -> None:
    refused = applied.run("retail", "questions", "--only", "weather", check=False)
    assert refused.returncode == 1
    assert "has no such named query" in refused.stderr
