"""A running Airflow with the platform's DAGs, on a local AWS: its REST API as tests use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from support import CHECKOUT, LocalAws, free_port

AIRFLOW = CHECKOUT / "batch-etl-pipeline" / "airflow"
START_SECONDS, RUN_SECONDS = 300, 900


@dataclass(frozen=True)
class Airflow:
    """Scheduler, triggerer, DAG processor and API; `home` holds its database and the logs of its tasks."""

    port: int
    home: Path

    @cached_property
    def api(self) -> httpx.Client:
        """Everybody on this machine is its administrator."""
        url = f"http://127.0.0.1:{self.port}"
        token = httpx.get(f"{url}/auth/token", timeout=30).raise_for_status().json()["access_token"]
        return httpx.Client(base_url=f"{url}/api/v2", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.get(path).raise_for_status().json()
        return answer

    def unpause(self, *dags: str) -> None:
        for dag in dags:
            self.api.patch(f"/dags/{dag}", json={"is_paused": False}).raise_for_status()

    def backfill(self, dag: str, first: str, last: str) -> None:
        """One run after the other for every data interval that starts from `first` to `last`."""
        body = {"dag_id": dag, "from_date": first, "to_date": last, "max_active_runs": 1}
        self.api.post("/backfills", json=body).raise_for_status()

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """In the order of their data intervals."""
        found: list[dict[str, Any]] = self.get(f"/dags/{dag}/dagRuns")["dag_runs"]
        return sorted(found, key=lambda run: str(run["run_after"]))

    def tasks(self, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
        path = f"/dags/{run['dag_id']}/dagRuns/{quote(run['dag_run_id'])}/taskInstances"
        return {task["task_id"]: task for task in self.get(path)["task_instances"]}

    def clear_failed(self, run: dict[str, Any]) -> None:
        """What an operator does when the cause is gone."""
        body = {"dry_run": False, "dag_run_id": run["dag_run_id"], "only_failed": True, "reset_dag_runs": True}
        self.api.post(f"/dags/{run['dag_id']}/clearTaskInstances", json=body).raise_for_status()

    def ended(self, dag: str, index: int) -> dict[str, Any]:
        """The run of the data interval at `index`, once it has ended."""

        def is_over() -> bool:
            runs = self.runs(dag)
            return len(runs) > index and runs[index]["state"] in {"success", "failed"}

        self.wait_for(is_over, f"run {index} of {dag} did not end")
        return self.runs(dag)[index]

    def wait_for(self, happened: Callable[[], bool], otherwise: str, seconds: float = RUN_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < deadline, f"{otherwise} within {seconds:.0f} s\n{self.log()}"
            time.sleep(1)

    def log(self) -> str:
        """What every attempt of every task said, one line an event."""
        lines = []
        for path in sorted(self.home.glob("logs/dag_id=*/**/*.log"), key=lambda found: found.stat().st_mtime):
            lines.append(f"== {path.relative_to(self.home / 'logs')}")
            lines += [event_of(line) for line in path.read_text().splitlines()]
        return "\n".join(lines)


def event_of(line: str) -> str:
    try:
        record = json.loads(line)
    except ValueError:
        return line
    details = "; ".join(detail["exc_value"] for detail in record.get("error_detail") or [])
    return " ".join(filter(None, [record["timestamp"], record["level"], record["event"], details]))


def airflow_python() -> Path:
    """The interpreter that `bin/setup airflow` made for this lock, beside the platform's own."""
    lock = subprocess.run(["cksum"], input=(AIRFLOW / "airflow.lock").read_bytes(), capture_output=True, check=True)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "retail-analytics-platform"
    python = cache / f"airflow-{lock.stdout.split()[0].decode()}" / "bin" / "python"
    assert python.is_file(), "Airflow is not installed; run bin/setup airflow"
    return python


def airflow_environment(home: Path, base: dict[str, str], port: int) -> dict[str, str]:
    return base | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_PORT": str(port),
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
    }


@contextmanager
def airflow(aws: LocalAws, home: Path) -> Iterator[Airflow]:
    """Airflow as `make airflow` starts it, on this local AWS, until the block ends."""
    made = Airflow(free_port(), home)
    environment = airflow_environment(home, aws.env, made.port)
    serving = subprocess.Popen([AIRFLOW / "run", "serve"], env=environment, start_new_session=True)

    def is_ready() -> bool:
        assert serving.poll() is None, f"Airflow did not start; its logs are in {home / 'logs'}"
        try:
            return len(made.get("/dags")["dags"]) == 2
        except httpx.TransportError:
            return False

    try:
        made.wait_for(is_ready, "Airflow did not start", START_SECONDS)
        yield made
    finally:
        serving.terminate()
        try:
            serving.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(serving.pid, signal.SIGKILL)
            raise
