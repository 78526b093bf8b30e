"""A table keeps documents across processes and forgets nothing that was assigned."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from local_aws.store import Table


def test_a_document_comes_back_in_another_connection(tmp_path: Path) -> None:
    started = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    Table(tmp_path / "db", "runs")["jr_1"] = {"State": "RUNNING", "StartedOn": started, "Attempts": [1, 2]}
    assert Table(tmp_path / "db", "runs")["jr_1"] == {"State": "RUNNING", "StartedOn": started, "Attempts": [1, 2]}


def test_tables_of_one_file_are_apart(tmp_path: Path) -> None:
    Table(tmp_path / "db", "runs")["a"] = {}
    assert list(Table(tmp_path / "db", "jobs")) == []


def test_keys_keep_the_order_in_which_they_came(tmp_path: Path) -> None:
    table = Table(tmp_path / "db", "runs")
    for key in ("b", "a", "c"):
        table[key] = {}
    del table["a"]
    assert (list(table), len(table)) == (["b", "c"], 2)


def test_fields_are_merged(tmp_path: Path) -> None:
    table = Table(tmp_path / "db", "runs")
    table["jr_1"] = {"State": "RUNNING", "Name": "etl"}
    assert table.update_fields("jr_1", State="FAILED") == {"State": "FAILED", "Name": "etl"}


def test_an_absent_key_is_a_key_error(tmp_path: Path) -> None:
    table = Table(tmp_path / "db", "runs")
    with pytest.raises(KeyError):
        table["jr_1"]
    with pytest.raises(KeyError):
        del table["jr_1"]


def test_what_was_assigned_survives_kill_9(tmp_path: Path) -> None:
    writer = (
        "import os, sys; from pathlib import Path; from local_aws.store import Table;"
        "t = Table(Path(sys.argv[1]), 'runs'); t['jr_1'] = {'State': 'RUNNING'}; os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", writer, tmp_path / "db"], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    assert Table(tmp_path / "db", "runs")["jr_1"] == {"State": "RUNNING"}
