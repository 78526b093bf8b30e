"""The DAG files as Airflow reads them, with no AWS in reach and nothing of ours installed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from airflow_world import AIRFLOW, airflow_python

DAGS = AIRFLOW / "dags"
FACTS = Path(__file__).with_name("airflow_facts.py")


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow makes of the files while every address of AWS is a closed port."""
    environment = {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "PATH": "/usr/bin:/bin",
    }
    command = [airflow_python(), "-P", FACTS, DAGS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return read


def test_every_file_is_read_without_an_error_or_a_cycle(facts: dict[str, Any]) -> None:
    assert facts["errors"] == {}
    assert sorted(facts["dags"]) == ["retail_agreement", "retail_hourly"]


def test_the_hour_goes_from_the_api_to_the_checks_in_one_line(facts: dict[str, Any]) -> None:
    tasks = facts["dags"]["retail_hourly"]["tasks"]
    assert {name: task["downstream"] for name, task in tasks.items()} == {
        "api_fetch": ["bronze_to_silver"],
        "bronze_to_silver": ["silver_to_gold"],
        "silver_to_gold": ["warehouse_load"],
        "warehouse_load": ["checks"],
        "checks": [],
    }


def test_the_hour_has_data_intervals_and_one_run_at_a_time(facts: dict[str, Any]) -> None:
    hourly = facts["dags"]["retail_hourly"]
    assert (hourly["timetable"], hourly["cron"]) == ("CronDataIntervalTimetable", "0 * * * *")
    assert (hourly["catchup"], hourly["max_active_runs"]) == (False, 1)


def test_agreement_waits_for_exactly_what_the_hour_updates(facts: dict[str, Any]) -> None:
    tasks = facts["dags"]["retail_hourly"]["tasks"].values()
    updated = sorted(name for task in tasks for name in task["outlets"])
    assert facts["dags"]["retail_agreement"]["waits_for"] == updated
    assert updated == [
        "retail_gold.conversion_funnel",
        "retail_gold.store_daily_sales",
        "retail_gold.store_product_performance",
        "retail_warehouse",
    ]


def test_every_dag_and_task_is_tagged_documented_retried_and_watched(facts: dict[str, Any]) -> None:
    for dag in facts["dags"].values():
        assert dag["documented"]
        assert "retail" in dag["tags"]
        for task in dag["tasks"].values():
            assert task["documented"]
            assert task["retries"] >= 1
            assert task["alerts"] == ["SnsNotifier"]


@pytest.mark.parametrize("file", sorted(DAGS.glob("*.py")), ids=lambda file: file.name)
def test_a_dag_file_needs_nothing_that_is_not_in_its_environment(file: Path) -> None:
    nodes = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    roots = {name.partition(".")[0] for name in named}
    assert roots <= {"__future__", "airflow", "datetime", "json", "retail_platform", "time", "typing"}


def test_the_laptop_and_mwaa_have_the_same_airflow() -> None:
    pinned = re.search(r"^apache-airflow-core==(\S+)", (AIRFLOW / "airflow.lock").read_text(), re.MULTILINE)
    constrained = re.search(r"constraints-(\S+?)/", (AIRFLOW / "requirements.txt").read_text())
    assert pinned is not None
    assert constrained is not None
    assert pinned[1] == constrained[1]


def test_every_package_of_the_lock_is_pinned_by_hash() -> None:
    requirements = re.split(r"\n(?=[a-z])", (AIRFLOW / "airflow.lock").read_text().partition("\n")[2])
    assert len(requirements) > 100
    assert [text.splitlines()[0] for text in requirements if "==" not in text or "--hash=sha256:" not in text] == []
