"""Engines as files of desired state: what services ask for here, the supervisor (reconcile.py) makes true."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock

from local_aws.processes import ProcessId, read_json, write_json
from local_aws.settings import Settings

POLL_SECONDS = 0.05
PORTS_PER_STATE = 95


class EngineError(Exception):
    """An engine did not become healthy; the message carries the end of its log."""


@dataclass(frozen=True)
class EngineSpec:
    """A long-running process. Written as JSON under <state>/engines/<name>/spec.json; its log is beside it."""

    name: str  # "rds-retail-source", "trino"
    argv: list[str]
    port: int  # healthy when it accepts TCP on 127.0.0.1:port …
    environment: dict[str, str] = field(default_factory=dict)  # the whole environment besides PATH and HOME
    cwd: str | None = None
    health_url: str | None = None  # … and, when given, this URL answers 200
    start_timeout_seconds: int = 60
    stop_signal: str = "SIGTERM"
    stop_timeout_seconds: int = 20

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class EngineStatus:
    """What the daemon last wrote about an engine: `failures` counts starts that did not become healthy, in a row."""

    name: str
    state: str  # "starting", "healthy", "stopped", "failed"
    digest: str = ""
    pid: int = 0
    started: float = 0.0
    failures: int = 0
    restarts: int = 0
    detail: str = ""

    @property
    def process(self) -> ProcessId:
        return ProcessId(self.pid, self.started)


class Engines(Protocol):
    """What services may ask of the supervisor. All calls block: use asyncio.to_thread."""

    def ensure(self, spec: EngineSpec, *, wait: bool = True) -> None:
        """Make the engine run, and keep it running across crashes and restarts of local AWS.

        Raises EngineError with the log's end when it does not become healthy.
        """

    def remove(self, name: str) -> None:
        """Stop the engine and forget it. Idempotent."""

    def healthy(self, name: str) -> bool: ...

    def log_path(self, name: str) -> Path: ...

    def free_port(self, owner: str) -> int:
        """A port on 127.0.0.1 chosen once for `owner` and kept across restarts."""


@dataclass(frozen=True)
class EngineClient:
    """`Engines` by way of the spec files."""

    settings: Settings

    def ensure(self, spec: EngineSpec, *, wait: bool = True) -> None:
        path = spec_path(self.settings, spec.name)
        if read_json(path) != asdict(spec):
            write_json(path, asdict(spec))
        if wait:
            self._wait_healthy(spec)

    def _wait_healthy(self, spec: EngineSpec) -> None:
        deadline = time.monotonic() + spec.start_timeout_seconds
        while time.monotonic() < deadline:
            status = read_status(self.settings, spec.name)
            if status and status.digest == spec.digest:
                if status.state == "healthy" and status.process.alive:
                    return
                if status.failures:
                    raise EngineError(f"{spec.name} ended while starting ({status.detail}).\n{self.log_end(spec.name)}")
            time.sleep(POLL_SECONDS)
        raise EngineError(
            f"{spec.name} did not become healthy on port {spec.port} within {spec.start_timeout_seconds} s"
            f" (see {self.log_path(spec.name)}; is the supervisor running? `make status`).\n{self.log_end(spec.name)}"
        )

    def remove(self, name: str) -> None:
        spec_path(self.settings, name).unlink(missing_ok=True)
        deadline = time.monotonic() + 40
        while status_path(self.settings, name).exists():
            status = read_status(self.settings, name)
            if status is None or not status.process.alive:
                break
            if time.monotonic() > deadline:
                raise EngineError(f"{name} did not stop; is the supervisor running? `make status`")
            time.sleep(POLL_SECONDS)

    def healthy(self, name: str) -> bool:
        status = read_status(self.settings, name)
        return bool(status and status.state == "healthy" and status.process.alive)

    def log_path(self, name: str) -> Path:
        return engine_folder(self.settings, name) / "log"

    def log_end(self, name: str, lines: int = 20) -> str:
        try:
            return "\n".join(self.log_path(name).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(it wrote no log)"

    def free_port(self, owner: str) -> int:
        path = self.settings.state / "ports.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            ports: dict[str, int] = read_json(path) or {}
            if owner not in ports:
                ports[owner] = _unused_port(self.settings.port, set(ports.values()))
                write_json(path, ports)
            return ports[owner]


def engine_folder(settings: Settings, name: str) -> Path:
    return settings.state / "engines" / name


def spec_path(settings: Settings, name: str) -> Path:
    return engine_folder(settings, name) / "spec.json"


def status_path(settings: Settings, name: str) -> Path:
    return engine_folder(settings, name) / "status.json"


def read_spec(settings: Settings, name: str) -> EngineSpec | None:
    document: dict[str, Any] | None = read_json(spec_path(settings, name))
    return EngineSpec(**document) if document else None


def read_status(settings: Settings, name: str) -> EngineStatus | None:
    document: dict[str, Any] | None = read_json(status_path(settings, name))
    return EngineStatus(**document) if document else None


def engine_names(settings: Settings) -> list[str]:
    folder = settings.state / "engines"
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _unused_port(base: int, taken: set[int]) -> int:
    """Near the gateway's own port, below the range that the kernel hands to clients."""
    for port in range(base + 5, base + 5 + PORTS_PER_STATE):
        if port not in taken and port_is_free(port):
            return port
    raise EngineError(f"no free port between {base + 5} and {base + 4 + PORTS_PER_STATE}; set LOCAL_AWS_PORT")
