"""Statements are split as the mysql client splits them, wherever the blocks that are read happen to end."""

from __future__ import annotations

import io

import pytest
from source_database.dump import splitter
from source_database.dump.splitter import statements
from source_database.errors import NotADumpError


def split(text: str) -> list[str]:
    return [found.text.decode() for found in statements(io.BytesIO(text.encode()))]


@pytest.fixture(params=[1, 3, 7, 1 << 20], autouse=True)
def block(request, monkeypatch):
    """Every case is read in small and in large blocks."""
    monkeypatch.setattr(splitter, "BLOCK", request.param)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n ;; ; ", []),
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT 'a;b', \"c;d\", `e;f`; X", ["SELECT 'a;b', \"c;d\", `e;f`", "X"]),
        (r"SELECT 'it''s; \'quoted\'; \\'; X", [r"SELECT 'it''s; \'quoted\'; \\'", "X"]),
        ("-- a comment; with a semicolon\nSELECT 1;# another;\nSELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("/* one; two */ SELECT 1 /* three; four */ + 1;", ["SELECT 1 /* three; four */ + 1"]),
        ("SELECT 1 -- why; so\n, 2;", ["SELECT 1 -- why; so\n, 2"]),
        ("SELECT 3--1; X", ["SELECT 3--1", "X"]),
        ("/*!40101 SET NAMES utf8 */;\nX;", ["/*!40101 SET NAMES utf8 */", "X"]),
        ("/*M!999999\\- enable the sandbox mode */ \nX;", ["X"]),
        ("DELIMITER ;;\nCREATE A; B;;\nDELIMITER ;\nX;", ["CREATE A; B", "X"]),
        ("INSERT INTO t VALUES ('a\r\nb;\rc');\r\nX;\r\n", ["INSERT INTO t VALUES ('a\r\nb;\rc')", "X"]),
        ("SELECT '🚗;é';X", ["SELECT '🚗;é'", "X"]),
        ("SELECT '';X", ["SELECT ''", "X"]),
    ],
)
def test_splitting(text, expected):
    assert split(text) == expected


def test_each_statement_knows_the_line_on_which_it_starts():
    text = b"-- head\n\nSELECT 1;\n  SELECT\n2; SELECT 'a\nb';\nX"
    assert [found.line for found in statements(io.BytesIO(text))] == [3, 4, 5, 7]


@pytest.mark.parametrize("text", ["SELECT 1;\nINSERT INTO t VALUES ('cut he", "SELECT 1;\nX /* cut he"])
def test_a_file_that_ends_inside_a_string_or_comment_is_said_to_be_cut(text):
    with pytest.raises(NotADumpError, match=r"starts on line 2\b.*cut"):
        split(text)


def test_bytes_that_are_no_utf8_pass_unchanged():
    assert [s.text for s in statements(io.BytesIO(b"X '\xff\xe9;\x00';Y"))] == [b"X '\xff\xe9;\x00'", b"Y"]
