"""Owns the processes of one Glue job run, apart from the gateway: whether that dies or restarts, the run goes on.

`python -m local_aws.engines.glue_runner <run folder>` reads launch.json there, starts the job in a session of its own,
enforces its time-out, passes on a stop (SIGTERM), and leaves exit.json. Whoever finds no exit.json and no live runner
knows that the run was lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from local_aws.processes import ProcessId, write_json

GRACE_SECONDS = 6.0  # less than what `down` gives us before it kills us


@dataclass(frozen=True)
class Launch:
    """What to run: `output` takes the script's stdout and stderr, `timeout_seconds` counts from its start."""

    argv: list[str]
    environment: dict[str, str]
    cwd: str
    output: str
    timeout_seconds: float


def signal_session(session: int, number: int) -> int:
    """Signal every process of a session (PySpark's workers leave the process group but not the session)."""
    signalled = 0
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == session:
                os.kill(pid, number)
                signalled += 1
    return signalled


def end_session(session: int, grace: float = GRACE_SECONDS) -> None:
    """SIGTERM, time to leave, SIGKILL."""
    signal_session(session, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and _living(session):
        time.sleep(0.1)
    signal_session(session, signal.SIGKILL)


def _living(session: int) -> bool:
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(OSError):
            if os.getsid(process.pid) == session and process.info["status"] != psutil.STATUS_ZOMBIE:
                return True
    return False


def supervise(folder: Path) -> None:
    """Run the job to its end, whatever that is, and write it down."""
    launch = Launch(**json.loads((folder / "launch.json").read_text()))
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    write_json(folder / "runner.json", asdict(ProcessId.of(os.getpid())))
    started = time.time()
    job = _start(launch)
    write_json(folder / "job.json", asdict(ProcessId.of(job.pid)))
    reason = _watch(job, started + launch.timeout_seconds, stopped)
    finished = time.time()
    end_session(job.pid)
    document = {"returncode": job.wait(), "reason": reason, "started": started, "finished": finished}
    write_json(folder / "exit.json", document)


def _start(launch: Launch) -> subprocess.Popen[bytes]:
    with open(launch.output, "ab") as output:
        return subprocess.Popen(
            launch.argv,
            env=launch.environment,
            cwd=launch.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _watch(job: subprocess.Popen[bytes], deadline: float, stopped: threading.Event) -> str:
    """Why it is over: "ended", "stopped" or "timeout"."""
    while job.poll() is None:
        if stopped.wait(0.1):
            return "stopped"
        if time.time() > deadline:
            return "timeout"
    return "ended"


if __name__ == "__main__":
    supervise(Path(sys.argv[1]))
