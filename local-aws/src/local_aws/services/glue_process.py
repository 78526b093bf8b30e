"""The processes of one run as the gateway sees them: launched by this gateway, or by one before it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from local_aws.engines.glue_runner import Launch, end_session
from local_aws.processes import ProcessId, read_json, write_json

START_SECONDS = 10.0


@dataclass(frozen=True)
class RunProcess:
    """`child` is None for a run that another gateway launched; then its runner is known by what it wrote down."""

    folder: Path
    child: subprocess.Popen[bytes] | None = None

    @classmethod
    def launch(cls, folder: Path, launch: Launch) -> RunProcess:
        write_json(folder / "launch.json", asdict(launch))
        with (folder / "runner.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "local_aws.engines.glue_runner", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return cls(folder, child)

    @classmethod
    def adopt(cls, folder: Path) -> RunProcess | None:
        """The run of this folder, if it was ever launched."""
        return cls(folder) if (folder / "launch.json").exists() else None

    def running(self) -> bool:
        """False when the runner has written the end, or is gone without one."""
        if (self.folder / "exit.json").exists():
            return False
        if self.child is not None:
            return self.child.poll() is None
        runner = self._process("runner")
        if runner is None:
            return time.time() - (self.folder / "launch.json").stat().st_mtime < START_SECONDS
        return runner.alive

    def ask_to_stop(self) -> bool:
        """SIGTERM to the runner; False when it is too early for that."""
        runner = self._process("runner")
        if runner is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(runner.pid, signal.SIGTERM)
        return True

    def close(self) -> None:
        """Reap the runner; a job whose runner was killed is watched by nobody, so it ends here."""
        if self.child is not None:
            self.child.wait()
        job = self._process("job")
        if not (self.folder / "exit.json").exists() and job is not None and job.alive:
            end_session(job.pid, grace=2)

    def _process(self, name: str) -> ProcessId | None:
        document = read_json(self.folder / f"{name}.json")
        return ProcessId(**document) if document else None
