"""Who may run now: first come first, at most MaxConcurrentRuns of a job and as many runs as the machine has slots."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field


@dataclass
class _Place:
    job: str
    limit: int
    running: bool


def slots() -> int:
    """LOCAL_AWS_GLUE_SLOTS: a laptop has the memory for one Spark at a time."""
    return max(1, int(os.environ.get("LOCAL_AWS_GLUE_SLOTS", "1")))


@dataclass
class Queue:
    """Runs that have not ended, in the order they came."""

    slots: int = field(default_factory=slots)
    _places: dict[str, _Place] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def enter(self, run_id: str, job: str, limit: int, *, running: bool = False) -> None:
        with self._lock:
            self._places[run_id] = _Place(job, limit, running)

    def leave(self, run_id: str) -> None:
        with self._lock:
            self._places.pop(run_id, None)

    def count(self, job: str) -> int:
        """How many runs of a job have not ended."""
        with self._lock:
            return sum(place.job == job for place in self._places.values())

    def within_job_limit(self, run_id: str) -> bool:
        """Whether Glue itself would start the run, whatever this machine is busy with."""
        with self._lock:
            place = self._places[run_id]
            ahead = [other for name, other in self._before(run_id) if other.job == place.job]
            return len(ahead) < place.limit

    def admit(self, run_id: str) -> bool:
        """Take a slot if it is this run's turn."""
        with self._lock:
            busy = sum(place.running for place in self._places.values())
            waiting_ahead = [
                name for name, place in self._before(run_id) if not place.running and self.within_job_limit(name)
            ]
            if busy >= self.slots or waiting_ahead or not self.within_job_limit(run_id):
                return False
            self._places[run_id].running = True
            return True

    def _before(self, run_id: str) -> list[tuple[str, _Place]]:
        items = list(self._places.items())
        return items[: [name for name, _ in items].index(run_id)]
