"""Loading the source into a real server: generated, from dumps, again and again, and with readers looking on.

Runs against the RDS of the local AWS of this session, or against EXTERNAL_MYSQL_URL when that is set (its user must be
allowed to make databases). Every test has a database of its own.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pymysql
import pytest
from source_database.addresses import find_source, secret_login
from source_database.connection import Login, Source, connect
from source_database.dump.loader import CheckedDump, check_dump, load_dump
from source_database.errors import (
    DatabaseMissingError,
    LoadMismatchError,
    LoadRefusedError,
    LoadUnderWayError,
    LoginRefusedError,
    SourceError,
    StatementFailedError,
    TlsError,
)
from source_database.generator import Plan, generate
from source_database.handlers.rotate_user import RIGHTS, set_user
from source_database.mysql_writer import create_schema, load_generated
from source_database.reconciliation import figures
from source_database.schema import TABLES, orphans, schema_file, tables_of
from source_database.shop_tables import SHOP_TABLES, set_up_shop
from source_database.staging import staging_database

# The server is asked for when it is known which one: the group cannot be read from the fixtures.
pytestmark = [pytest.mark.local_aws, pytest.mark.xdist_group("applied")]

SMALL = Plan(3_000, seed=7)
TABLE_CHANGED = 1412  # what a server tells a transaction whose tables were exchanged: try again


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Source:
    """The source's server, as its admin."""
    if os.environ.get("EXTERNAL_MYSQL_URL"):
        return find_source()
    applied = request.getfixturevalue("applied")
    return find_source(environment=applied.env, aws=applied.client)


@pytest.fixture
def source(server: Source) -> Iterator[Source]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield server.at(database=name)
    with server.connect() as connection, connection.cursor() as cursor:
        for leftover in (name, f"{name}_loading", f"{name}_retired"):
            cursor.execute(f"DROP DATABASE IF EXISTS {leftover}")


def rows(source: Source, query: str) -> list[tuple[object, ...]]:
    with source.connect(source.address.database) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def databases(source: Source) -> set[str]:
    with source.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES")
        return {str(row[0]) for row in cursor.fetchall()}


def checksums(source: Source) -> list[tuple[object, ...]]:
    return rows(source, "CHECKSUM TABLE " + ", ".join(TABLES))


@pytest.mark.parametrize("local_infile", [True, False])
def test_what_was_generated_stands_in_the_database_to_the_last_character(source, monkeypatch, local_infile):
    if not local_infile:
        monkeypatch.setattr("source_database.mysql_writer._load_data", pytest.fail)
        monkeypatch.setattr("source_database.mysql_writer._takes_files", lambda _connection: False)
    load_generated(source, SMALL)
    expected: dict[str, list[tuple[object, ...]]] = {table: [] for table in TABLES}
    for table, batch in generate(SMALL.lines, SMALL.seed, SMALL.through):
        columns = [
            [value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value for value in column.to_pylist()]
            for column in batch.columns
        ]
        expected[table] += zip(*columns, strict=True)
    for table in TABLES:
        assert sorted(rows(source, f"SELECT * FROM {table}"), key=repr) == sorted(expected[table], key=repr), table


def test_the_figures_are_those_of_the_generated_rows(source):
    report = load_generated(source, SMALL)
    booked = cancelled = Decimal(0)
    status = {}
    for table, batch in generate(SMALL.lines, SMALL.seed, SMALL.through):
        if table == "orders":
            status |= dict(zip(batch["orderNumber"].to_pylist(), batch["status"].to_pylist(), strict=True))
        if table == "orderdetails":
            for line in batch.to_pylist():
                amount = line["quantityOrdered"] * line["priceEach"]
                booked += amount
                cancelled += amount if status[line["orderNumber"]] == "Cancelled" else 0
    with source.connect(source.address.database) as connection:
        found = figures(connection)
    assert found["order_lines"] == 3_000
    assert found["tables"] == report.rows
    assert (found["booked"], found["cancelled"], found["revenue"]) == (booked, cancelled, booked - cancelled)


def test_loading_the_same_again_changes_nothing_and_leaves_nothing_behind(source):
    load_generated(source, SMALL)
    before = checksums(source)
    again = load_generated(source, SMALL)
    assert again.already_there
    load_generated(source, SMALL, replace=True)
    assert checksums(source) == before
    name = source.address.database
    assert not {f"{name}_loading", f"{name}_retired"} & databases(source)


def test_constraints_hold_after_the_swap(source):
    load_generated(source, SMALL)
    wrong = [
        "INSERT INTO payments VALUES (99999999, 'X', '2025-01-01', 1, NOW())",
        "INSERT INTO ratings SELECT customerNumber, productCode, 6, NOW(), NOW() FROM customers, products LIMIT 1",
        "UPDATE orderdetails SET quantityOrdered = -1 LIMIT 1",
        "UPDATE orders SET status = 'Lost' LIMIT 1",
        "UPDATE orders SET shippedDate = '1999-01-01' LIMIT 1",
        "DELETE FROM products LIMIT 1",
    ]
    for statement in wrong:
        with pytest.raises(pymysql.err.MySQLError):
            rows(source, statement)


def test_updated_at_follows_a_change(source):
    load_generated(source, SMALL)
    rows(source, "UPDATE customers SET creditLimit = COALESCE(creditLimit, 0) + 1 ORDER BY customerNumber LIMIT 1")
    [(fresh,)] = rows(source, "SELECT COUNT(*) FROM customers WHERE updatedAt > NOW() - INTERVAL 1 HOUR")
    assert fresh == 1


def test_rows_of_others_are_never_lost_unasked(source):
    load_generated(source, SMALL)
    rows(source, "UPDATE orders SET comments = 'ours' ORDER BY orderNumber LIMIT 1")
    kept = load_generated(source, SMALL)
    assert (kept.already_there, kept.written_since) == (True, True)
    with pytest.raises(LoadRefusedError, match="written since"):
        load_generated(source, Plan(200))
    assert rows(source, "SELECT COUNT(*) FROM orders WHERE comments = 'ours'") == [(1,)]
    assert load_generated(source, Plan(200), replace=True).rows["orderdetails"] == 200


def test_the_shops_tables_come_with_a_load_go_with_its_orders_and_do_not_hold_up_the_next(source):
    load_generated(source, SMALL)
    assert rows(source, "SELECT lastNumber FROM storefront_order_numbers") == [(0,)]
    rows(source, "INSERT INTO storefront_checkouts (token, customerNumber, orderNumber) VALUES ('form', 1, 2)")
    rows(source, "UPDATE storefront_order_numbers SET lastNumber = 2")
    assert load_generated(source, SMALL).already_there
    with source.connect(source.address.database) as connection:
        set_up_shop(connection)
    assert rows(source, "SELECT orderNumber FROM storefront_checkouts") == [(2,)]
    assert rows(source, "SELECT lastNumber FROM storefront_order_numbers") == [(2,)]
    load_generated(source, Plan(200))
    assert rows(source, "SELECT orderNumber FROM storefront_checkouts") == []


def test_a_database_that_someone_else_filled_is_refused(source):
    name = source.address.database
    with source.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"CREATE TABLE {name}.orders (orderNumber INT PRIMARY KEY)")
        cursor.execute(f"INSERT INTO {name}.orders VALUES (1)")
    with pytest.raises(LoadRefusedError, match="not put there by"):
        load_generated(source, SMALL)
    assert rows(source, "SELECT * FROM orders") == [(1,)]


def test_a_failing_load_leaves_the_old_tables(source, monkeypatch):
    load_generated(source, SMALL)
    before = checksums(source)

    def breaking(*_arguments):
        for number, part in enumerate(generate(500)):
            if number == 6:
                raise OSError("disk full")
            yield part

    monkeypatch.setattr("source_database.mysql_writer.generate", breaking)
    with pytest.raises(OSError, match="disk full"):
        load_generated(source, Plan(500), replace=True)
    assert checksums(source) == before
    assert f"{source.address.database}_loading" not in databases(source)


def test_a_reader_never_sees_half_a_load(source):
    """While sources of two sizes replace each other, every transaction of a reader sees one of them whole."""
    load_generated(source, Plan(100))
    seen: set[tuple[int, int]] = set()
    errors: set[int] = set()
    done = threading.Event()

    def read() -> None:
        with source.connect(source.address.database) as connection, connection.cursor() as cursor:
            while not done.is_set():
                try:
                    cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
                    cursor.execute(
                        "SELECT (SELECT COUNT(*) FROM orderdetails), (SELECT COUNT(*) FROM orders o LEFT JOIN "
                        "orderdetails d ON d.orderNumber = o.orderNumber WHERE d.orderNumber IS NULL)"
                    )
                    seen.add(cursor.fetchone())
                    cursor.execute("COMMIT")
                except pymysql.err.MySQLError as problem:
                    errors.add(problem.args[0])

    reader = threading.Thread(target=read)
    reader.start()
    for lines in (300, 100, 300):
        load_generated(source, Plan(lines))
    done.set()
    reader.join()
    assert seen <= {(100, 0), (300, 0)}
    assert len(seen) == 2
    assert errors <= {TABLE_CHANGED}


def test_two_loads_at_once_do_not_mix(source):
    with staging_database(source), pytest.raises(LoadUnderWayError, match="Another load"):
        load_generated(source, SMALL)


def test_the_well_known_dump_arrives_whole(source, shared_data):
    dump = shared_data / "classicmodels" / "mysqlsampledatabase.sql"
    report = load_dump(source, check_dump(dump))
    with source.connect(source.address.database) as connection:
        found = figures(connection)
    assert (found["order_lines"], found["orders"]) == (2_996, 326)
    assert (found["booked"], found["cancelled"]) == (Decimal("9604190.61"), Decimal("238854.18"))
    assert report.rows["customers"] == 122
    assert "no table ratings" in report.notes
    assert any("updatedAt" in note for note in report.notes)
    assert "classicmodels" not in source.address.database
    assert load_dump(source, check_dump(dump)).rows == report.rows


def test_a_dump_replaces_a_generated_source_and_takes_its_ratings_away(source, shared_data):
    load_generated(source, SMALL)
    load_dump(source, check_dump(shared_data / "classicmodels" / "mysqlsampledatabase.sql"))
    with source.connect() as connection:
        assert set(tables_of(connection, source.address.database)) == {*TABLES, *SHOP_TABLES} - {"ratings"}


def small_dump(folder: Path, **changes: str) -> CheckedDump:
    """A dump of the eight tables with a row each; `changes` replaces the INSERT of a table."""
    lines = ["SET FOREIGN_KEY_CHECKS=0;"]
    values = {
        "offices": "('1','Paris','1','a',NULL,NULL,'France','75','EMEA')",
        "employees": "(1,'L','F','x1','e','1',NULL,'President')",
        "productlines": "('Ships',NULL,NULL,NULL)",
        "products": "('S1','Boat','Ships','1:1','V','D',1,'1.00','2.00')",
        "customers": "(1,'N','L','F','1','a',NULL,'Paris',NULL,NULL,'France',1,'5.00')",
        "orders": "(1,'2004-01-01','2004-01-05',NULL,'Shipped','🚗; it''s',1)",
        "orderdetails": "(1,'S1',2,'10.50',1)",
        "payments": "(1,'A1','2004-01-02','21.00')",
    }
    lines.append(schema_file().read_text(encoding="utf-8").split("-- One row per cheque")[0])
    lines.append(
        "CREATE TABLE payments (customerNumber INT, checkNumber VARCHAR(50), paymentDate DATE, amount DECIMAL(10,2));"
    )
    for table, value in values.items():
        extra = "" if table == "payments" else ", '2004-01-01 00:00:00'"
        lines.append(changes.get(table) or f"INSERT INTO {table} VALUES ({value[1:-1]}{extra});")
    path = folder / "small.sql"
    path.write_text("\n".join(lines), encoding="utf-8")
    return check_dump(path)


def test_a_statement_that_the_server_refuses_is_named_with_its_line_and_changes_nothing(source, tmp_path):
    load_generated(source, SMALL)
    before = checksums(source)
    dump = small_dump(tmp_path, orders="INSERT INTO orders VALUES (1, 'not a date');")
    line = 1 + dump.path.read_text(encoding="utf-8").split("INSERT INTO orders ")[0].count("\n")
    with pytest.raises(StatementFailedError, match=rf"small\.sql, line {line}: .*INSERT INTO orders"):
        load_dump(source, dump)
    assert checksums(source) == before


def test_a_line_without_its_order_is_loaded_as_it_stands_and_told(source, tmp_path):
    dump = small_dump(tmp_path, orderdetails="INSERT INTO orderdetails VALUES (9,'S1',2,'1.00',1,'2004-01-01');")
    notes = load_dump(source, dump).notes
    assert "1 rows of orderdetails name no orders (orderNumber)" in notes
    assert "1 orders have no line" in notes


def test_rows_that_a_dump_overwrites_with_its_own_are_missed(source, tmp_path):
    twice = "REPLACE INTO orders VALUES (1,'2004-01-01','2004-01-05',NULL,'Shipped','a',1,'2004-01-01');"
    with pytest.raises(LoadMismatchError, match="orders"):
        load_dump(source, small_dump(tmp_path, orders=f"{twice}\n{twice.replace('Shipped', 'On Hold')}"))


def test_both_kinds_of_source_have_sound_foreign_keys(source):
    load_generated(source, Plan(1_000, seed=1, through=date(2024, 2, 29)))
    with source.connect() as connection:
        assert list(orphans(connection, source.address.database)) == []


def test_the_schema_can_be_made_in_an_empty_database(source):
    with source.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {source.address.database}")
    with source.connect(source.address.database) as connection:
        create_schema(connection)
        assert sorted(tables_of(connection, source.address.database)) == sorted(TABLES)


@pytest.mark.parametrize(
    ("user", "may_write"),
    [("retail_reader", False), ("retail_writer", True)],
)
def test_application_users_may_do_their_work_over_tls_and_no_more(source, user, may_write, monkeypatch):
    load_generated(source, SMALL)
    name = f"{user}_{uuid.uuid4().hex[:6]}"  # not the real user: its password is in use
    monkeypatch.setitem(RIGHTS, name, RIGHTS[user])
    with source.connect() as admin, admin.cursor() as cursor:
        for password in ("first", "second"):
            set_user(admin, Login(name, password), source.address.database)
        try:
            with pytest.raises(LoginRefusedError):
                connect(source.address, Login(name, "first"))
            application = Source(source.address, lambda: Login(name, "second"))
            assert rows(application, "SELECT COUNT(*) FROM orderdetails") == [(3_000,)]
            rename = "UPDATE customers SET customerName = 'X' LIMIT 1"
            if may_write:
                rows(application, rename)
            else:
                with pytest.raises(pymysql.err.OperationalError, match="command denied"):
                    rows(application, rename)
            for forbidden in ("DROP TABLE ratings", "CREATE TABLE t (a INT)", "SELECT * FROM mysql.user"):
                with pytest.raises(pymysql.err.OperationalError, match="denied"):
                    rows(application, forbidden)
            with pytest.raises(SourceError):
                application.at(encrypted=False).connect()
        finally:
            cursor.execute(f"DROP USER '{name}'@'%'")


@pytest.mark.parametrize("user", ["reader", "writer"])
def test_applying_made_the_application_users_and_a_rotation_changes_their_password(request, user):
    """The whole way: Terraform's empty secret, Secrets Manager's rotation, the Lambda, the database."""
    if os.environ.get("EXTERNAL_MYSQL_URL"):
        pytest.skip("EXTERNAL_MYSQL_URL names a database that Terraform did not make")
    applied = request.getfixturevalue("applied")
    server = find_source(environment=applied.env, aws=applied.client)
    arn = applied.client("ssm").get_parameter(Name=f"/retail/source/{user}_secret_arn")["Parameter"]["Value"]
    secrets = applied.client("secretsmanager")
    application = Source(server.address, lambda: secret_login(secrets, arn))
    old = application.read_login()
    assert old.user == f"retail_{user}"
    application.connect("classicmodels").close()
    secrets.rotate_secret(SecretId=arn)
    deadline = time.monotonic() + 60
    while (new := application.read_login()) == old and time.monotonic() < deadline:
        time.sleep(0.5)
    assert new.password != old.password
    application.connect("classicmodels").close()
    with pytest.raises(LoginRefusedError):
        connect(server.address, old)


def test_what_is_wrong_with_a_connection_is_said(server, source):
    wrong = Source(server.address, lambda: Login("nobody", "nothing"))
    with pytest.raises(LoginRefusedError):
        wrong.connect()
    with pytest.raises(DatabaseMissingError):
        source.connect(source.address.database)
    if server.address.encrypted:
        with pytest.raises(TlsError):
            server.at(ca=None).connect()
        with pytest.raises(TlsError):
            server.at(tls_name="someone-else.example").connect()
