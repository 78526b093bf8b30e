"""The dashboard notebook runs headless against Athena, on the snapshots of one publication."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from batch_etl.analytics.athena import ask
from nbclient import NotebookClient

pytestmark = pytest.mark.local_aws
NOTEBOOK = Path(__file__).resolve().parents[2] / "batch-etl-pipeline" / "notebooks" / "dashboard.ipynb"
LOAD_SECONDS = 60


def executed(environment: dict[str, str], *further: str) -> nbformat.NotebookNode:
    """The notebook with its outputs, run by a kernel that knows only `environment`, and `further` cells after it."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in further]
    client = NotebookClient(notebook, timeout=LOAD_SECONDS, kernel_name="python3")
    return client.execute(env=environment)


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def test_the_notebook_runs_and_shows_its_widgets(applied: Any) -> None:
    notebook = executed(applied.env)
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert ["application/vnd.jupyter.widget-view+json" in output["data"] for output in shown] == [True, True]


def test_its_revenue_is_athenas_to_the_cent(applied: Any) -> None:
    of_the_notebook = "lines = dashboard.gold.lines; print(lines[lines.status != 'Cancelled'].amount.sum())"
    notebook = executed(applied.env, of_the_notebook)
    sql = "SELECT CAST(100 * SUM(revenue) AS BIGINT) FROM daily_sales"
    [(cents,)] = ask(applied.client("athena"), sql, workgroup="retail-analytics", database="retail_gold").rows
    assert int(printed(notebook.cells[-1])) == cents


def test_it_reads_the_last_publications_snapshots(applied: Any) -> None:
    notebook = executed(applied.env, "print(dashboard.gold.publication.run_id)")
    sql = "SELECT runId FROM publications ORDER BY publishedAt DESC LIMIT 1"
    [(run_id,)] = ask(applied.client("athena"), sql, workgroup="retail-analytics", database="retail_gold").rows
    assert printed(notebook.cells[-1]).strip() == run_id


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
