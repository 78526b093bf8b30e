"""How a run ended, read from what its processes left behind. Only a script that came to its end has succeeded."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.processes import read_json

LOST = "Job run was lost: its process ended without a trace (killed, or the machine stopped)."


@dataclass(frozen=True)
class Outcome:
    """A final JobRunState and its ErrorMessage; `finished` is a Unix time, `seconds` how long the script had run."""

    state: str
    message: str = ""
    finished: float | None = None
    seconds: float = 0.0


def outcome_of(folder: Path) -> Outcome:
    """Read exit.json (the runner's) and result.json (the driver's)."""
    ended = read_json(folder / "exit.json")
    if ended is None:
        return Outcome("FAILED", LOST)
    state, message = _judge(ended, (read_json(folder / "result.json") or {}).get("outcome"))
    return Outcome(state, message, ended["finished"], ended["finished"] - ended["started"])


def _judge(ended: dict[str, Any], said: str | None) -> tuple[str, str]:
    if ended["reason"] == "stopped":
        return "STOPPED", "Job run stopped."
    if ended["reason"] == "timeout":
        return "TIMEOUT", "Job has exceeded its time-out."
    if said == "finished" and ended["returncode"] == 0:
        return "SUCCEEDED", ""
    if said is not None and said != "finished":
        return "FAILED", said
    return "FAILED", _exit_message(ended["returncode"])


def _exit_message(returncode: int) -> str:
    if returncode < 0:
        return f"Command failed with exit code {128 - returncode} (killed by {signal.Signals(-returncode).name})."
    if returncode == 0:
        return "Command ended before its script did, without an error."
    return f"Command failed with exit code {returncode}."
