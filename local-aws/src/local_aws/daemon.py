"""The supervisor: one background process for each state folder that keeps the gateway and the engines running.

`python -m local_aws.daemon` runs it. On SIGTERM it stops all: the gateway first, then the engines.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from types import FrameType

from filelock import FileLock, Timeout

from local_aws.processes import ProcessId, read_json, write_json
from local_aws.reconcile import Supervisor, say
from local_aws.settings import Settings

TICK_SECONDS = 0.1


def daemon_process(settings: Settings) -> ProcessId | None:
    """The running supervisor of this state folder, if any."""
    document = read_json(settings.state / "supervisor.json")
    found = ProcessId(**document) if document else None
    return found if found and found.alive else None


def launch(settings: Settings) -> None:
    """Start the supervisor in the background; it outlives the caller."""
    settings.logs.mkdir(parents=True, exist_ok=True)
    with (settings.logs / "supervisor.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "local_aws.daemon"],
            env=settings.process_environment(),
            cwd=settings.state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def main() -> int:
    settings = Settings.from_environment()
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(settings.state / "supervisor.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("another supervisor looks after this state folder; nothing to do")
        return 0
    write_json(settings.state / "supervisor.json", asdict(ProcessId.of(os.getpid())))
    supervisor = Supervisor(settings)
    stopping = [False]

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stopping[0] = True

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    say(f"looking after {settings.state}")
    while not stopping[0]:
        supervisor.tick()
        time.sleep(TICK_SECONDS)
    supervisor.stop_all()
    (settings.state / "supervisor.json").unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
