"""A file that is no dump of classicmodels is turned away before any database is asked."""

from __future__ import annotations

import gzip

import pytest
from source_database.dump.loader import check_dump
from source_database.errors import NotADumpError, StatementRefusedError
from source_database.schema import CLASSICMODELS

WHOLE = "".join(f"CREATE TABLE {table} (id INT);\nINSERT INTO {table} VALUES (1);\n" for table in CLASSICMODELS)


@pytest.fixture
def dump(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "dump.sql"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_a_whole_dump_passes(dump):
    check_dump(dump(f"CREATE DATABASE shop;\nUSE shop;\n{WHOLE}"))


def test_the_well_known_dump_passes(shared_data):
    check_dump(shared_data / "classicmodels" / "mysqlsampledatabase.sql")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        (gzip.compress(WHOLE.encode(), mtime=0), "gunzip"),
        (WHOLE.encode("utf-16"), "not text"),
        ("CREATE TABLE film (id INT); INSERT INTO film VALUES (1);", "creates no table offices, employees"),
        (WHOLE.replace("CREATE TABLE payments (id INT);", ""), "creates no table payments"),
        ("".join(f"CREATE TABLE {table} (id INT);" for table in CLASSICMODELS), "fills none of them"),
        (WHOLE + "INSERT INTO orders VALUES ('cut", "cut"),
        ("-- MySQL dump 10.13\n" + WHOLE, "Dump completed"),
    ],
)
def test_what_is_wrong_with_it_is_said(dump, content, told):
    with pytest.raises(NotADumpError, match=told):
        check_dump(dump(content))


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(NotADumpError, match="No such file"):
        check_dump(tmp_path / "absent.sql")


@pytest.mark.parametrize(
    "intruder", ["CREATE DATABASE other;", "USE mysql;", "DROP DATABASE production;", "GRANT ALL ON *.* TO x;"]
)
def test_a_dump_that_reaches_beyond_its_database_is_refused(dump, intruder):
    with pytest.raises(StatementRefusedError):
        check_dump(dump(f"USE shop;\n{WHOLE}{intruder}"))


def test_a_web_page_is_no_dump(dump):
    with pytest.raises(StatementRefusedError, match="Line 1: “<!DOCTYPE html>"):
        check_dump(dump("<!DOCTYPE html>\n<p>404</p>"))
