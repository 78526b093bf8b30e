"""Processes that can be recognised later, by another process too: a pid is reused, a pid with its start time is not."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

MARK = "LOCAL_AWS_STATE"  # in the environment of all that we start: children of children are recognised by it


@dataclass(frozen=True)
class ProcessId:
    """`started` is the start time that the kernel reports."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The living process, or None when it is gone (or its pid belongs to another one now)."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < 1 and found.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return found if same else None

    @property
    def alive(self) -> bool:
        return self.process() is not None


def write_json(path: Path, document: Any) -> None:
    """Whole or not at all, readable by the user alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(document, indent=1))
    draft.replace(path)


def read_json(path: Path) -> Any:
    """The document, or None when there is none."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def end(target: ProcessId, *, stop_signal: str = "SIGTERM", timeout: float = 10) -> None:
    """Ask a process to stop, wait, then end it with everything in its process group."""
    process = target.process()
    if process is None:
        return
    with contextlib.suppress(psutil.Error):
        process.send_signal(getattr(signal, stop_signal))
    deadline = time.monotonic() + timeout
    while target.alive and time.monotonic() < deadline:
        _reap(target.pid)
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(target.pid, signal.SIGKILL)  # each of ours leads a group of its own
    _reap(target.pid)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def marked(state: Path) -> Iterator[psutil.Process]:
    """Every process that carries this state folder's mark, ourselves and our ancestors aside."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid not in own and process.environ().get(MARK) == str(state):
                yield process


def with_descendants(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """These processes and all that they started: a job or a function has an environment without our mark."""
    found: dict[int, psutil.Process] = {}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found |= {each.pid: each for each in (process, *process.children(recursive=True))}
    return list(found.values())


def end_all(processes: Iterable[psutil.Process], timeout: float = 10) -> int:
    """SIGTERM to all, time to leave, SIGKILL to the rest; returns how many there were."""
    found = list(processes)
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, left = psutil.wait_procs(found, timeout)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, 5)
    return len(found)


def holder_of(port: int) -> str:
    """Who listens on a port, as far as this user may see: "python (pid 123)" or "a process of another user"."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                process = psutil.Process(connection.pid)
                return f"{' '.join(process.cmdline())[:80]} (pid {connection.pid})"
    return "a process that this user may not see"
