"""wrk, the load generator: so many requests, or so many seconds, over so many connections at once."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = Path(__file__).with_name("wrk.lua")
LONGEST_SECONDS, TIMEOUT_SECONDS = 4 * 3600, 30
Ask = tuple[str, str]
"""A path, and the cookie that goes with it ("" is none)."""


@dataclass(frozen=True)
class Outcome:
    """Answers, what went wrong by kind, and latencies in ms; of several runs added up the largest latencies."""

    requests: int = 0
    seconds: float = 0.0
    wrong: dict[str, int] = field(default_factory=dict)
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    slowest_ms: float = 0.0

    @property
    def errors(self) -> int:
        return sum(self.wrong.values())

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0

    def __add__(self, other: Outcome) -> Outcome:
        kinds = self.wrong.keys() | other.wrong.keys()
        return Outcome(
            self.requests + other.requests,
            self.seconds + other.seconds,
            {kind: self.wrong.get(kind, 0) + other.wrong.get(kind, 0) for kind in kinds},
            max(self.p50_ms, other.p50_ms),
            max(self.p99_ms, other.p99_ms),
            max(self.slowest_ms, other.slowest_ms),
        )


def ask_many(
    url: str, mix: Sequence[Ask], connections: int, *, requests: int = 0, seconds: int = LONGEST_SECONDS
) -> Outcome:
    """Ask for pages of the mix at random. Answers of 400 and more, and those that never came, are `wrong`.

    One thread drives all connections: on a small machine a second one only takes the server's processor.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is not on PATH: `bin/setup load` installs it, or your system's packages do.")
    with tempfile.NamedTemporaryFile("w", suffix=".mix") as lines:
        lines.writelines(f"{path}\t{cookie}\n" for path, cookie in mix)
        lines.flush()
        command = [
            wrk, "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={TIMEOUT_SECONDS}s", "-s", SCRIPT, url, "--",
            lines.name, str(requests),
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            complaint = (running.stderr.readline() if running.stderr else "").strip()  # or the end of its output
            if complaint == "enough":
                running.send_signal(signal.SIGINT)
            output, _ = running.communicate()
    if running.returncode:
        raise SystemExit(f"wrk ended with {running.returncode}: {complaint or output}")
    told = json.loads(output.splitlines()[-1])
    kinds = ("connect", "read", "write", "status", "timeout")
    return Outcome(
        told["requests"], told["microseconds"] / 1e6, {kind: told[kind] for kind in kinds},
        told["p50"] / 1000, told["p99"] / 1000, told["slowest"] / 1000,
    )  # fmt: skip
