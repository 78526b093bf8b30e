"""What `local-aws status` shows."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

import psutil
from rich.table import Table

from local_aws import daemon
from local_aws.reconcile import GATEWAY
from local_aws.settings import Settings
from local_aws.supervisor import EngineClient, EngineStatus, engine_names, read_spec, read_status


@dataclass(frozen=True)
class EngineRow:
    name: str
    port: str
    state: str
    pid: str
    memory: str
    since: str
    restarts: str
    log: str


@dataclass
class StatusReport:
    """One row for each engine; `problems` in sentences."""

    rows: list[EngineRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        return not self.problems

    def table(self) -> Table:
        table = Table("engine", "port", "health", "pid", "memory", "up", "restarts")
        table.add_column("log", overflow="fold")
        for row in self.rows:
            table.add_row(*vars(row).values())
        return table


def status_report(settings: Settings) -> StatusReport:
    report = StatusReport()
    if daemon.daemon_process(settings) is None:
        report.problems.append("the supervisor is not running: `make up` starts it")
    client = EngineClient(settings)
    for name in engine_names(settings):
        spec, status = read_spec(settings, name), read_status(settings, name)
        if spec is None or status is None:
            continue
        healthy = client.healthy(name)
        state = "healthy" if healthy else ("dead" if status.state == "healthy" else status.state)
        report.rows.append(_row(name, spec.port, state, status, str(client.log_path(name).relative_to(settings.state))))
        if not healthy:
            report.problems.append(f"{name} is not healthy ({status.detail or state}); see {client.log_path(name)}")
    if client.healthy(GATEWAY):
        report.problems += broken_services(settings)
    return report


def broken_services(settings: Settings) -> list[str]:
    with contextlib.suppress(OSError, ValueError, urllib.error.URLError):
        with urllib.request.urlopen(f"{settings.endpoint_url}/_local_aws/health", timeout=5) as answer:  # noqa: S310
            services: dict[str, str] = json.load(answer)["services"]
        return [text for text in services.values() if text != "ok"]
    return ["the gateway does not answer"]


def _row(name: str, port: int, state: str, status: EngineStatus, log: str) -> EngineRow:
    process = status.process.process()
    memory = ""
    with contextlib.suppress(psutil.Error):
        memory = f"{process.memory_info().rss / 2**20:.0f} MB" if process else ""
    since = f"{(time.time() - status.started) / 60:.0f} min" if process else ""
    return EngineRow(name, str(port), state, str(status.pid or ""), memory, since, str(status.restarts), log)
