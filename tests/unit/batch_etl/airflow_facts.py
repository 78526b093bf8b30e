"""What Airflow makes of the DAG files, as JSON. Runs in Airflow's own environment, which has nothing of ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import BundleDagBag


def of_task(task: Any) -> dict[str, Any]:
    return {
        "downstream": sorted(task.downstream_task_ids),
        "retries": task.retries,
        "documented": bool(task.doc_md),
        "alerts": [type(callback).__name__ for callback in task.on_failure_callback],
        "outlets": sorted(asset.name for asset in task.outlets),
    }


def of_dag(dag: Any) -> dict[str, Any]:
    condition = getattr(dag.timetable, "asset_condition", None)
    return {
        "timetable": type(dag.timetable).__name__,
        "cron": getattr(dag.timetable, "expression", None),
        "waits_for": sorted(asset.name for asset in condition.objects) if condition else [],
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "documented": bool(dag.doc_md),
        "tasks": {task.task_id: of_task(task) for task in dag.tasks},
    }


folder = Path(sys.argv[1])
bag = BundleDagBag(folder, bundle_path=folder, bundle_name="dags-folder")
facts = {"errors": bag.import_errors, "dags": {name: of_dag(dag) for name, dag in bag.dags.items()}}
print(json.dumps(facts))
