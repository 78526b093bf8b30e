"""The commands at the prompt: what they teach, and how they end when something is wrong."""

from __future__ import annotations

import pytest
from retail_cli.main import app
from typer.testing import CliRunner


@pytest.fixture
def retail(monkeypatch, tmp_path):
    """Run `retail …` where nobody says where a database is."""
    for name in ("EXTERNAL_MYSQL_URL", "MYSQL_URL", "MYSQL_CNF", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    return lambda *words: CliRunner().invoke(app, words, env={"COLUMNS": "200", "TERM": "dumb"})


def test_help_names_the_commands(retail):
    shown = retail("--help")
    assert shown.exit_code == 0
    assert "load-source" in shown.output
    assert "source-report" in shown.output


@pytest.mark.parametrize("words", [[], ["--orders", "10", "--dump", "x.sql"]])
def test_one_says_either_how_many_or_which_dump(retail, words):
    shown = retail("load-source", *words)
    assert shown.exit_code == 2
    assert "either --orders N or --dump FILE" in shown.output


def test_an_unknown_database_is_said_in_two_lines_without_a_traceback(retail):
    shown = retail("load-source", "--orders", "10")
    assert shown.exit_code == 1
    assert "error: Nobody said where the source database is" in shown.stderr
    assert "--url" in shown.stderr
    assert "Traceback" not in shown.output


def test_a_server_that_does_not_answer_is_said_so(retail):
    shown = retail("load-source", "--orders", "10", "--url", "mysql://a:b@127.0.0.1:9/d")
    assert shown.exit_code == 1
    assert "error: The source database at 127.0.0.1:9 does not answer" in shown.stderr


def test_a_dump_that_is_none_is_said_so_before_any_database_is_looked_for(retail, tmp_path):
    (tmp_path / "notes.txt").write_text("Dear diary")
    shown = retail("load-source", "--dump", str(tmp_path / "notes.txt"))
    assert shown.exit_code == 1
    assert "error: Line 1: “Dear diary” is not about tables" in shown.stderr
