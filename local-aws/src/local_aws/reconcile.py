"""Makes the spec files true: starts what is missing, adopts what runs already, restarts what died, stops what went."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
import urllib.request
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from local_aws import processes
from local_aws.processes import MARK, ProcessId, write_json
from local_aws.settings import Settings
from local_aws.supervisor import (
    EngineSpec,
    EngineStatus,
    engine_folder,
    engine_names,
    port_is_free,
    read_spec,
    read_status,
    spec_path,
    status_path,
)

GATEWAY = "gateway"
HEALTH_SECONDS = 2.0
STEADY_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 30.0
LARGEST_LOG = 64 * 2**20


@dataclass
class Engine:
    """One engine as the supervisor sees it."""

    status: EngineStatus
    child: subprocess.Popen[bytes] | None = None
    began: float = field(default_factory=time.monotonic)
    checked: float = 0.0
    retry_at: float = 0.0


class Supervisor:
    """Makes the spec files true, one tick after another."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engines: dict[str, Engine] = {}
        self._specs: dict[str, tuple[int, EngineSpec | None]] = {}

    def tick(self) -> None:
        for name in engine_names(self.settings):
            spec = self._spec(name)
            if spec is None:
                self._forget(name)
            else:
                self._tend(spec)
        for name in set(self.engines) - set(engine_names(self.settings)):
            self._forget(name)

    def _spec(self, name: str) -> EngineSpec | None:
        """The spec file, read again only when it changed."""
        try:
            changed = spec_path(self.settings, name).stat().st_mtime_ns
        except FileNotFoundError:
            self._specs.pop(name, None)
            return None
        if self._specs.get(name, (0, None))[0] != changed:
            self._specs[name] = (changed, read_spec(self.settings, name))
        return self._specs[name][1]

    def _tend(self, spec: EngineSpec) -> None:
        engine = self.engines.get(spec.name) or self._adopt(spec)
        if engine.status.digest != spec.digest:
            self._stop(engine, spec)
            engine.status = replace(engine.status, failures=0, detail="")
            self._start(engine, spec)
        elif self._alive(engine):
            self._check(engine, spec)
        elif engine.status.state in ("starting", "healthy"):
            self._note_death(engine, spec)
        elif time.monotonic() >= engine.retry_at:
            self._start(engine, spec)

    def _adopt(self, spec: EngineSpec) -> Engine:
        """Take over a process that an earlier supervisor started for the same spec; end one of another spec."""
        status = read_status(self.settings, spec.name) or EngineStatus(spec.name, "stopped")
        engine = Engine(status)
        self.engines[spec.name] = engine
        if not status.process.alive:
            engine.status = replace(status, state="stopped", digest=spec.digest, failures=0, restarts=0)
        return engine

    def _start(self, engine: Engine, spec: EngineSpec) -> None:
        folder = engine_folder(self.settings, spec.name)
        rotate(folder / "log")
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(Path.home()), **spec.environment}
        try:
            refuse_taken_port(spec)
            with (folder / "log").open("ab") as log:
                child = subprocess.Popen(
                    spec.argv,
                    env=environment | {MARK: str(self.settings.state)},
                    cwd=spec.cwd or folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            failures = engine.status.failures + 1
            engine.retry_at = time.monotonic() + pause(failures)
            self._write(engine, state="failed", digest=spec.digest, failures=failures, detail=str(error))
            return
        mark = ProcessId.of(child.pid)
        engine.child, engine.began = child, time.monotonic()
        self._write(engine, state="starting", digest=spec.digest, pid=mark.pid, started=mark.started, detail="")

    def _alive(self, engine: Engine) -> bool:
        if engine.child is not None:
            return engine.child.poll() is None
        return engine.status.pid > 0 and engine.status.process.alive

    def _check(self, engine: Engine, spec: EngineSpec) -> None:
        now = time.monotonic()
        healthy_before = engine.status.state == "healthy"
        if healthy_before and now - engine.checked < HEALTH_SECONDS:
            return
        engine.checked = now
        if is_healthy(spec):
            if not healthy_before:
                self._write(engine, state="healthy", failures=0)
        elif not healthy_before and now - engine.began > spec.start_timeout_seconds:
            self._stop(engine, spec)
            self._note_death(engine, spec, f"not healthy within {spec.start_timeout_seconds} s")

    def _note_death(self, engine: Engine, spec: EngineSpec, detail: str = "") -> None:
        code = engine.child.poll() if engine.child else None
        steady = engine.status.state == "healthy"
        failures = 0 if steady else engine.status.failures + 1
        again = 0.0 if steady and time.monotonic() - engine.began > STEADY_SECONDS else pause(failures + 1)
        engine.retry_at = time.monotonic() + again
        detail = detail or f"exit code {code}"
        restarts = engine.status.restarts + 1
        self._write(engine, state="failed", failures=failures, restarts=restarts, detail=detail)
        say(f"{spec.name} ended ({detail}); starting it again in {again:.1f} s")

    def _stop(self, engine: Engine, spec: EngineSpec | None) -> None:
        if engine.status.pid and (self._alive(engine)):
            wanted = spec or EngineSpec(engine.status.name, [], 0)
            processes.end(
                engine.status.process, stop_signal=wanted.stop_signal, timeout=float(wanted.stop_timeout_seconds)
            )
        if engine.child is not None:
            engine.child.poll()
        engine.child = None

    def _forget(self, name: str) -> None:
        engine = self.engines.pop(name, None)
        status = engine.status if engine else read_status(self.settings, name)
        if status is not None:
            self._stop(engine or Engine(status), None)
        # The status goes last, and the folder only when empty: whoever waits for it may write the next spec at once.
        folder = engine_folder(self.settings, name)
        for log in folder.glob("log*"):
            log.unlink()
        status_path(self.settings, name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()

    def _write(self, engine: Engine, **changes: object) -> None:
        engine.status = replace(engine.status, **changes)  # type: ignore[arg-type]
        folder = status_path(self.settings, engine.status.name).parent
        if folder.is_dir():
            write_json(status_path(self.settings, engine.status.name), asdict(engine.status))

    def stop_all(self) -> None:
        """Gateway first (it saves its state and lets go of the engines), then the rest, then what they all started."""
        started = processes.with_descendants(processes.marked(self.settings.state))
        names = sorted(engine_names(self.settings), key=lambda name: name != GATEWAY)
        for name in names:
            spec, status = read_spec(self.settings, name), read_status(self.settings, name)
            engine = self.engines.get(name) or (Engine(status) if status else None)
            if engine is None:
                continue
            self._stop(engine, spec)
            self._write(engine, state="stopped", detail="stopped", failures=0)
        processes.end_all([*started, *processes.with_descendants(processes.marked(self.settings.state))])


def refuse_taken_port(spec: EngineSpec) -> None:
    """Another process on the engine's port would pass for the engine."""
    if not port_is_free(spec.port):
        raise OSError(f"port {spec.port} is taken by {processes.holder_of(spec.port)}")


def is_healthy(spec: EngineSpec) -> bool:
    with contextlib.suppress(OSError):
        if spec.health_url:
            with urllib.request.urlopen(spec.health_url, timeout=5) as answer:  # noqa: S310 - our own loopback URL
                return bool(answer.status == 200)
        with socket.create_connection(("127.0.0.1", spec.port), 1):
            return True
    return False


def pause(failures: int) -> float:
    """Half a second, doubling with each failure in a row."""
    return float(min(0.5 * 2 ** max(failures - 1, 0), LONGEST_PAUSE_SECONDS))


def rotate(log: Path) -> None:
    """One older log is kept."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".old"))


def say(text: str) -> None:
    """A line in the supervisor's log."""
    print(time.strftime("%H:%M:%S"), text, flush=True)
